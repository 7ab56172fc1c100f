import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
} from 'playwright-core';

/** The real thing for tests: the app as it is built, the server as it is started, a browser as people have it. */

const root = join(import.meta.dir, '..', '..', '..');
const PASSWORD = 'correct horse battery';

const chromiumPath = [
  process.env['CONFAB_TEST_CHROMIUM'] ?? '',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
].find((path) => path !== '' && existsSync(path));

export const hasChromium = chromiumPath !== undefined;

/** The switches keep the browser from talking to anybody but the server under test. */
const CHROMIUM_ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export interface World {
  readonly url: string;
  readonly browser: Browser;
  /** Ends the server as a power cut would. */
  readonly killServer: () => Promise<void>;
  /** Starts it again, over the same data and at the same address. */
  readonly restartServer: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** Builds the app, starts the server over an empty folder, and launches a browser. */
export async function startWorld(): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), 'confab-web-'));
  await buildApp(join(folder, 'site'));
  let { server, url } = await startServer(folder, '0');
  const browser = await chromium.launch({ executablePath: chromiumPath ?? '', args: CHROMIUM_ARGUMENTS });
  return {
    url,
    browser,
    killServer: async () => {
      server.kill('SIGKILL');
      await server.exited;
    },
    restartServer: async () => {
      ({ server, url } = await startServer(folder, new URL(url).port));
    },
    stop: async () => {
      await browser.close();
      server.kill();
      await server.exited;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function startServer(folder: string, port: string) {
  const server = Bun.spawn([process.execPath, join(root, 'apps', 'server', 'src', 'main.ts'), 'start'], {
    cwd: folder,
    env: {
      ...process.env,
      CONFAB_PORT: port,
      CONFAB_DATA_DIR: join(folder, 'data'),
      CONFAB_WEB_DIR: join(folder, 'site'),
      CONFAB_RATE_LIMITS: 'off',
      CONFAB_DRAIN_MS: '0',
    },
    stdout: 'pipe',
    stderr: process.env['CONFAB_TEST_SERVER_LOG'] === undefined ? 'ignore' : 'inherit',
  });
  return { server, url: await addressOf(server.stdout) };
}

async function buildApp(outDir: string): Promise<void> {
  const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js');
  const build = Bun.spawn(
    ['node', vite, 'build', '--outDir', outDir, '--emptyOutDir', '--logLevel', 'error'],
    {
      cwd: join(root, 'apps', 'web'),
      // The test runner says "test", which would build another React than people get.
      env: { ...process.env, NODE_ENV: 'production' },
      stdout: 'inherit',
      stderr: 'inherit',
    },
  );
  if ((await build.exited) !== 0) throw new Error('the web app does not build');
}

/** The server says where it is as soon as it listens. */
async function addressOf(output: ReadableStream<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let said = '';
  const reader = output.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) throw new Error(`the server ended before it listened: ${said}`);
    said += decoder.decode(value, { stream: true });
    const address = /https?:\/\/[\w.:-]+/.exec(said)?.[0];
    if (address === undefined) continue;
    // What it says later is read and dropped: a full pipe would stop it.
    void (async () => {
      while (!(await reader.read()).done);
    })();
    return address;
  }
}

/** Somebody at a browser of their own. */
export interface Person {
  readonly name: string;
  readonly username: string;
  readonly context: BrowserContext;
  readonly page: Page;
  /** What the page complained about: errors, broken rules of the Content-Security-Policy. */
  readonly complaints: string[];
}

let made = 0;

/** Opens a browser window of its own, with storage of its own. */
export async function openBrowser(
  world: World,
  name: string,
  options: BrowserContextOptions = {},
): Promise<Person> {
  const context = await world.browser.newContext({
    baseURL: world.url,
    locale: 'en-GB',
    serviceWorkers: 'block',
    ...options,
  });
  context.setDefaultTimeout(10_000);
  const complaints: string[] = [];
  made += 1;
  const username = `${name.toLowerCase()}${made}`;
  const page = await openTab(context, complaints);
  return { name, username, context, page, complaints };
}

/** Another tab of the same browser. */
export async function openTab(context: BrowserContext, complaints: string[] = []): Promise<Page> {
  const page = await context.newPage();
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (line) => {
    if (/Content Security Policy|Refused to/i.test(line.text())) complaints.push(line.text());
  });
  return page;
}

/** Registers an account as a person would. */
async function register(person: Person): Promise<void> {
  const { page, username, name } = person;
  await page.goto('/register');
  await page.getByLabel('Username').fill(username);
  await page.getByLabel('Name others see').fill(name);
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await page.getByLabel('Password', { exact: true }).press('Enter');
  await page.getByTestId('own-name').getByText(name).waitFor();
}

export async function logIn({ page }: Pick<Person, 'page'>, username: string): Promise<void> {
  await page.goto('/');
  await page.getByLabel('Username').fill(username);
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.getByTestId('account-menu').waitFor();
}

/** A registered person in a browser of their own. */
export async function newPerson(
  world: World,
  name: string,
  options: BrowserContextOptions = {},
): Promise<Person> {
  const person = await openBrowser(world, name, options);
  await register(person);
  return person;
}

/** Opens the direct conversation with somebody through the dialog. */
export async function startDirect({ page }: Person, other: Person): Promise<void> {
  await page.getByTestId('start-conversation').click();
  await page.getByRole('searchbox', { name: 'Find people' }).fill(other.username);
  await page.getByRole('option', { name: other.name }).click();
  await page.getByTestId('conversation-title').getByText(other.name).waitFor();
  await page.getByRole('dialog').waitFor({ state: 'detached' });
}

export async function send(page: Page, body: string): Promise<void> {
  await page.getByTestId('composer').fill(body);
  await page.getByTestId('composer').press('Enter');
}

export function message(page: Page, body: string) {
  return page
    .getByTestId('message')
    .filter({ has: page.getByTestId('message-body').getByText(body, { exact: true }) });
}

/** Waits until a message is in this state. */
export async function waitForState(page: Page, body: string, state: string): Promise<void> {
  await message(page, body)
    .and(page.locator(`[data-state="${state}"]`))
    .waitFor();
}

/** Waits until a message is in one of these states. */
export async function waitForOneOf(page: Page, body: string, states: readonly string[]): Promise<void> {
  const selector = states.map((state) => `[data-state="${state}"]`).join(', ');
  await message(page, body).and(page.locator(selector)).waitFor();
}

/** The bodies on the screen, from old to new. */
export function bodies(page: Page): Promise<string[]> {
  return page.getByTestId('message-body').allTextContents();
}

export function row(page: Page, name: string) {
  return page
    .getByTestId('conversation-row')
    .filter({ has: page.getByTestId('conversation-name').getByText(name) });
}
