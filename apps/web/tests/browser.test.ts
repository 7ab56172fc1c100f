import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import {
  bodies,
  hasChromium,
  logIn,
  message,
  newPerson,
  openBrowser,
  openTab,
  row,
  send,
  startDirect,
  startWorld,
  waitForOneOf,
  waitForState,
  type Person,
  type World,
} from './browser-world.ts';
import { faultsOf } from './page-checks.ts';

/** The app in a real browser, over the real server. */
const TIMEOUT_MS = 60_000;
const ACKNOWLEDGED = ['sent', 'delivered', 'read'] as const;
const browserTests = describe.skipIf(!hasChromium);
const needs = hasChromium ? '' : ' (needs Chromium: apt-get install chromium)';

let world: World;
const it = (title: string, body: () => Promise<void>) => test(title, body, TIMEOUT_MS);

browserTests(`the web app in a browser${needs}`, () => {
  beforeAll(async () => {
    world = await startWorld();
  }, 120_000);
  afterAll(async () => await world?.stop());

  describe('talking', () => {
    it('two people register and exchange messages; unread comes and goes', async () => {
      const [ada, ben] = await twoPeople();
      await startDirect(ada, ben);
      await send(ada.page, 'Hello Ben');
      await waitForOneOf(ada.page, 'Hello Ben', ACKNOWLEDGED);

      await row(ben.page, 'Ada').getByTestId('unread-badge').waitFor();
      expect(await row(ben.page, 'Ada').getAttribute('data-unread')).toBe('1');
      await ben.page.waitForFunction(() => document.title === '(1) Confab');
      await row(ben.page, 'Ada').click();
      await message(ben.page, 'Hello Ben').waitFor();
      await ben.page.getByTestId('unread-line').waitFor();
      await ben.page.getByTestId('jump-to-latest').waitFor({ state: 'detached' });
      await ben.page.waitForFunction(() => !document.title.startsWith('('));
      expect(await row(ben.page, 'Ada').getByTestId('unread-badge').count()).toBe(0);
      await waitForState(ada.page, 'Hello Ben', 'read');

      await send(ben.page, 'Hello Ada\nwith a second line');
      await ada.page.getByText('Hello Ada\nwith a second line').first().waitFor();
      expect(await bodies(ada.page)).toEqual(['Hello Ben', 'Hello Ada\nwith a second line']);
      expect(await ada.page.getByTestId('announcer').textContent()).toContain('Ben: Hello Ada');
      expect([...ada.complaints, ...ben.complaints]).toEqual([]);
    });

    it('addresses become links, markup stays text', async () => {
      const [ada, ben] = await twoPeople();
      await startDirect(ada, ben);
      await send(ada.page, '<b>see</b> https://example.org/a?b=1, and javascript:alert(1)');
      const link = ada.page.getByTestId('message').getByRole('link');
      expect(await link.getAttribute('href')).toBe('https://example.org/a?b=1');
      expect(await link.getAttribute('rel')).toContain('noopener');
      expect(await bodies(ada.page)).toEqual([
        '<b>see</b> https://example.org/a?b=1, and javascript:alert(1)',
      ]);
    });

    it('a draft stays with its conversation, also through a reload', async () => {
      const [ada, ben] = await twoPeople();
      await startDirect(ada, ben);
      await ada.page.getByTestId('composer').fill('half a thought');
      await ada.page.reload();
      await ada.page.getByTestId('conversation-title').getByText('Ben').waitFor();
      expect(await ada.page.getByTestId('composer').inputValue()).toBe('half a thought');
    });
  });

  describe('without a connection', () => {
    it('three messages written offline survive a reload and arrive once, in order', async () => {
      const [ada, ben] = await twoPeople();
      await startDirect(ada, ben);
      await send(ada.page, 'before');
      await waitForOneOf(ada.page, 'before', ACKNOWLEDGED);
      await row(ben.page, 'Ada').click();

      const connection = await cutConnection(ada);
      const written = ['first', 'second', 'third'];
      for (const body of written) await send(ada.page, body);
      for (const body of written) await waitForOneOf(ada.page, body, ['queued', 'sending']);
      await ada.page.getByTestId('connection').getByText('3 messages wait to be sent').waitFor();

      await ada.page.reload();
      await ada.page.getByTestId('conversation-title').getByText('Ben').waitFor();
      for (const body of written) await waitForOneOf(ada.page, body, ['queued', 'sending']);
      expect(await bodies(ada.page)).toEqual(['before', ...written]);

      await connection.restore();
      for (const body of written) await waitForOneOf(ada.page, body, ACKNOWLEDGED);
      await message(ben.page, 'third').waitFor();
      await row(ben.page, 'Ada').waitFor();
      expect(await bodies(ben.page)).toEqual(['before', ...written]);
      expect(await bodies(ada.page)).toEqual(['before', ...written]);
      expect(await sequencesOf(ben)).toEqual(await sequencesOf(ada));
    });

    it('three messages written with no network at all survive a reload and arrive once, in order', async () => {
      const ada = await newPerson(world, 'Ada', { serviceWorkers: 'allow' });
      const ben = await newPerson(world, 'Ben');
      await startDirect(ada, ben);
      await send(ada.page, 'before');
      await waitForOneOf(ada.page, 'before', ACKNOWLEDGED);
      await row(ben.page, 'Ada').click();
      await ada.page.evaluate(async () => {
        await navigator.serviceWorker.ready;
      });

      await ada.context.setOffline(true);
      const written = ['first', 'second', 'third'];
      for (const body of written) await send(ada.page, body);
      await ada.page.getByTestId('connection').getByText('3 messages wait to be sent').waitFor();
      await ada.page.reload();
      await ada.page.getByTestId('conversation-title').getByText('Ben').waitFor();
      for (const body of written) await waitForOneOf(ada.page, body, ['queued', 'sending']);

      await ada.context.setOffline(false);
      for (const body of written) await waitForOneOf(ada.page, body, ACKNOWLEDGED);
      await message(ben.page, 'third').waitFor();
      expect(await bodies(ben.page)).toEqual(['before', ...written]);
      expect(await bodies(ada.page)).toEqual(['before', ...written]);
    });

    it('what is written while the server is dead arrives when it is back', async () => {
      const [ada, ben] = await twoPeople();
      await startDirect(ada, ben);
      await send(ada.page, 'before');
      await waitForOneOf(ada.page, 'before', ACKNOWLEDGED);
      await row(ben.page, 'Ada').click();
      await message(ben.page, 'before').waitFor();

      await world.killServer();
      const written = ['one', 'two', 'three'];
      for (const body of written) await send(ada.page, body);
      await ada.page.getByText('The server cannot be reached.').first().waitFor();
      await ada.page.getByText('3 messages wait to be sent').waitFor();
      await ada.page.getByRole('button', { name: 'Try now' }).waitFor();
      await world.restartServer();
      ada.page.setDefaultTimeout(30_000);
      for (const body of written) await waitForOneOf(ada.page, body, ACKNOWLEDGED);
      await message(ben.page, 'three').waitFor({ timeout: 30_000 });
      expect(await bodies(ben.page)).toEqual(['before', ...written]);
      expect(await bodies(ada.page)).toEqual(['before', ...written]);
    });

    it('says that it is offline, and that it is back', async () => {
      const ada = await newPerson(world, 'Ada');
      await ada.page.locator('[data-testid="connection"][data-state="live"]').waitFor({ state: 'attached' });
      await ada.context.setOffline(true);
      await ada.page.getByText('You are offline.').first().waitFor();
      await ada.context.setOffline(false);
      await ada.page.locator('[data-testid="connection"][data-state="live"]').waitFor({ state: 'attached' });
    });
  });

  describe('two tabs of one account', () => {
    it('show the same, once, and read together', async () => {
      const [ada, ben] = await twoPeople();
      await startDirect(ada, ben);
      await send(ada.page, 'from the first tab');
      await waitForOneOf(ada.page, 'from the first tab', ACKNOWLEDGED);
      const second = await openTab(ada.context, ada.complaints);
      await second.goto(ada.page.url());
      await message(second, 'from the first tab').waitFor();
      await send(second, 'from the second tab');
      await message(ada.page, 'from the second tab').waitFor();
      await waitForOneOf(ada.page, 'from the second tab', ACKNOWLEDGED);
      expect(await bodies(ada.page)).toEqual(['from the first tab', 'from the second tab']);
      expect(await bodies(second)).toEqual(['from the first tab', 'from the second tab']);

      await second.goto('/');
      await ada.page.goto('/');
      await row(ben.page, 'Ada').click();
      await message(ben.page, 'from the second tab').waitFor();
      await send(ben.page, 'unread in both');
      await row(ada.page, 'Ben').getByTestId('unread-badge').waitFor();
      await row(second, 'Ben').getByTestId('unread-badge').waitFor();
      await row(second, 'Ben').click();
      await row(ada.page, 'Ben').getByTestId('unread-badge').waitFor({ state: 'detached' });
      expect(ada.complaints).toEqual([]);
    });
  });

  describe('groups', () => {
    it('who is removed while looking is told so and can write no more', async () => {
      const [ada, ben] = await twoPeople();
      await makeGroup(ada, 'Board', [ben]);
      await row(ben.page, 'Board').click();
      await ben.page.getByTestId('composer').waitFor();
      await ada.page.getByTestId('details-button').click();
      await ada.page.getByRole('button', { name: 'Actions for Ben' }).click();
      await ada.page.getByRole('menuitem', { name: 'Remove from group' }).click();
      await ada.page.getByRole('alertdialog').getByRole('button', { name: 'Remove from group' }).click();
      await ben.page.getByTestId('composer').waitFor({ state: 'detached' });
      await ben.page.getByText('This conversation is not here').waitFor();
      await ada.page.getByTestId('system-line').getByText('You removed Ben').waitFor();
    });

    it('are made, renamed and left, and everybody sees what happened', async () => {
      const [ada, ben] = await twoPeople();
      const cy = await newPerson(world, 'Cyrus');
      await makeGroup(ada, 'Boat', [ben, cy]);
      await row(ben.page, 'Boat').click();
      await ben.page.getByTestId('system-line').getByText('Ada started “Boat”').waitFor();

      await ada.page.getByTestId('details-button').click();
      await ada.page.getByRole('button', { name: 'Rename' }).click();
      await ada.page.getByLabel('Name of the group').fill('Boat on Sunday');
      await ada.page.getByLabel('Name of the group').press('Enter');
      await ben.page.getByTestId('conversation-title').getByText('Boat on Sunday').waitFor();
      await ben.page.getByTestId('system-line').getByText('Ada named it “Boat on Sunday”').waitFor();

      await row(cy.page, 'Boat on Sunday').click();
      await cy.page.getByTestId('details-button').click();
      await cy.page.getByRole('button', { name: 'Leave group' }).click();
      await cy.page.getByRole('alertdialog').getByRole('button', { name: 'Leave group' }).click();
      await cy.page.getByText('No conversations yet').waitFor();
      await ben.page.getByTestId('system-line').getByText('Cyrus left').waitFor();
      await ada.page.getByTestId('members').getByText('Cyrus').waitFor({ state: 'detached' });
    });
  });

  describe('finding the way', () => {
    it('at 360 px list and conversation take turns, and back goes back', async () => {
      const narrow = { viewport: { width: 360, height: 700 }, hasTouch: true, isMobile: true };
      const ada = await newPerson(world, 'Ada', narrow);
      const ben = await newPerson(world, 'Ben');
      await startDirect(ada, ben);
      await send(ada.page, 'from a phone');
      await waitForOneOf(ada.page, 'from a phone', ACKNOWLEDGED);
      expect(await ada.page.getByTestId('conversation-list').isVisible()).toBe(false);
      expect(new URL(ada.page.url()).pathname).toMatch(/^\/c\/d/);
      expect(await faultsOf(ada.page)).toEqual([]);
      await ada.page.reload();
      await message(ada.page, 'from a phone').waitFor();
      await ada.page.getByRole('button', { name: 'Back to conversations' }).click();
      await row(ada.page, 'Ben').waitFor();
      expect(await faultsOf(ada.page)).toEqual([]);
      await row(ada.page, 'Ben').click();
      await ada.page.getByTestId('composer').waitFor();
      await ada.page.goBack();
      await row(ada.page, 'Ben').waitFor();
    });

    it('the keyboard reaches a conversation and comes back', async () => {
      const [ada, ben] = await twoPeople();
      await startDirect(ada, ben);
      expect(await focused(ada)).toBe('composer');
      await ada.page.keyboard.press('Escape');
      expect(await focused(ada)).toBe('conversation-row');
      await ada.page.keyboard.press('Control+k');
      await ada.page.getByRole('searchbox').waitFor();
      await ada.page.keyboard.type('Be');
      await ada.page.getByRole('option', { name: 'Ben' }).first().waitFor();
      await ada.page.keyboard.press('ArrowDown');
      await ada.page.keyboard.press('Enter');
      await ada.page.getByRole('dialog').waitFor({ state: 'detached' });
      await ada.page.getByTestId('conversation-title').getByText('Ben').waitFor();
    });

    it('an address that leads nowhere says so', async () => {
      const ada = await newPerson(world, 'Ada');
      await ada.page.goto('/c/gNoSuchConversation');
      await ada.page.getByText('This conversation is not here').waitFor();
    });

    it('older pages come while scrolling, without a jump', async () => {
      const [ada, ben] = await twoPeople();
      await startDirect(ada, ben);
      for (let number = 1; number <= 140; number++) await send(ada.page, `line ${number}`);
      await waitForOneOf(ada.page, 'line 140', ACKNOWLEDGED);
      await row(ben.page, 'Ada').click();
      await ben.page.getByTestId('unread-line').waitFor();
      await ben.page.getByTestId('jump-to-latest').click();
      await message(ben.page, 'line 140').waitFor();
      await ben.page.getByTestId('timeline').hover();
      let furthest = 0;
      for (let step = 0; step < 40 && (await ben.page.getByTestId('beginning').count()) === 0; step++) {
        furthest = Math.max(furthest, await driftWhileScrollingUp(ben));
      }
      await message(ben.page, 'line 1').waitFor();
      expect(furthest).toBeLessThan(4);
      await ben.page.getByTestId('jump-to-latest').click();
      await message(ben.page, 'line 140').waitFor();
    });
  });

  describe('accounts', () => {
    it('refusals stand at their fields', async () => {
      const ada = await newPerson(world, 'Ada');
      const other = await openBrowser(world, 'Other');
      await other.page.goto('/register');
      await other.page.getByLabel('Username').fill(ada.username);
      await other.page.getByLabel('Password', { exact: true }).fill('long enough for anybody');
      await other.page.getByRole('button', { name: 'Create account' }).click();
      await other.page.getByText('This name is taken. Try another.').waitFor();
      expect(await other.page.getByLabel('Username').getAttribute('aria-invalid')).toBe('true');
      await other.page.getByRole('button', { name: 'Log in' }).click();
      await other.page.getByRole('button', { name: 'Log in' }).click();
      await other.page.getByText('Username and password do not fit together.').waitFor();
      expect(await faultsOf(other.page)).toEqual([]);
    });

    it('a revoked device is signed out at once', async () => {
      const ada = await newPerson(world, 'Ada');
      const phone = await openBrowser(world, 'Phone');
      await logIn(phone, ada.username);
      await ada.page.getByTestId('account-menu').click();
      await ada.page.getByRole('menuitem', { name: 'Devices' }).click();
      await ada.page.getByTestId('devices').getByRole('listitem').nth(1).waitFor();
      expect(await faultsOf(ada.page)).toEqual([]);
      await ada.page.getByRole('button', { name: /^Revoke / }).click();
      await ada.page.getByRole('alertdialog').getByRole('button', { name: 'Revoke' }).click();
      await phone.page.getByText('This device was signed out.').waitFor();
    });

    it('logging out leaves nothing behind on the device', async () => {
      const [ada, ben] = await twoPeople();
      await startDirect(ada, ben);
      await ada.page.getByTestId('composer').fill('a draft');
      await ada.page.getByTestId('account-menu').click();
      await ada.page.getByRole('menuitem', { name: 'Log out' }).click();
      await ada.page.getByRole('alertdialog').getByRole('button', { name: 'Log out' }).click();
      await ada.page.getByRole('button', { name: 'Log in' }).waitFor();
      expect(
        await ada.page.evaluate(() => Object.keys(localStorage).filter((key) => key.includes('draft'))),
      ).toEqual([]);
      await ada.page.reload();
      await ada.page.getByRole('button', { name: 'Log in' }).waitFor();
    });
  });

  describe('for everybody', () => {
    for (const colorScheme of ['light', 'dark'] as const) {
      it(`has names, landmarks and contrast in ${colorScheme}`, async () => {
        const ada = await newPerson(world, 'Ada', { colorScheme });
        const ben = await newPerson(world, 'Ben', { colorScheme });
        expect(await faultsOf(ada.page)).toEqual([]);
        await startDirect(ada, ben);
        await send(ada.page, 'see https://example.org');
        await row(ben.page, 'Ada').getByTestId('unread-badge').waitFor();
        expect(await faultsOf(ben.page)).toEqual([]);
        await row(ben.page, 'Ada').click();
        await send(ben.page, 'I see');
        await message(ada.page, 'I see').waitFor();
        await ada.page.getByTestId('details-button').click();
        await ada.page.getByTestId('details').waitFor();
        expect(await faultsOf(ada.page)).toEqual([]);
        expect(await ada.page.getByRole('log').getAttribute('aria-label')).toBe('Messages with Ben');
        expect(await ada.page.getByRole('navigation', { name: 'Conversations' }).count()).toBe(1);
      });
    }

    it('needs no exception from the strictest Content-Security-Policy', async () => {
      const ada = await openBrowser(world, 'Ada');
      await ada.context.route(
        (url) => !url.pathname.startsWith('/v1'),
        async (route) => {
          const response = await route.fetch();
          const policy = "default-src 'self'; connect-src 'self' ws: wss:";
          await route.fulfill({
            response,
            headers: { ...response.headers(), 'content-security-policy': policy },
          });
        },
      );
      const ben = await newPerson(world, 'Ben');
      await ada.page.goto('/register');
      await ada.page.getByLabel('Username').fill(ada.username);
      await ada.page.getByLabel('Password', { exact: true }).fill('long enough for anybody');
      await ada.page.getByRole('button', { name: 'Create account' }).click();
      await ada.page.getByTestId('account-menu').waitFor();
      await startDirect(ada, ben);
      await send(ada.page, 'under a strict policy');
      await waitForOneOf(ada.page, 'under a strict policy', ACKNOWLEDGED);
      await ada.page.getByTestId('details-button').click();
      await ada.page.getByTestId('account-menu').click();
      await ada.page.getByRole('menuitem', { name: 'Devices' }).click();
      await ada.page.getByTestId('devices').getByRole('listitem').first().waitFor();
      expect(ada.complaints).toEqual([]);
    });
  });
});

async function makeGroup({ page }: Person, title: string, others: readonly Person[]): Promise<void> {
  await page.getByTestId('start-conversation').click();
  await page.getByRole('radio', { name: 'Group' }).click();
  await page.getByLabel('Name of the group').fill(title);
  for (const other of others) {
    await page.getByRole('searchbox', { name: 'Find people' }).fill(other.username);
    await page.getByRole('option', { name: other.name }).click();
  }
  await page.getByRole('button', { name: 'Create group' }).click();
  await page.getByTestId('conversation-title').getByText(title).waitFor();
}

async function twoPeople(): Promise<[Person, Person]> {
  return [await newPerson(world, 'Ada'), await newPerson(world, 'Ben')];
}

/** Cuts everything but the files of the app itself, so that the page can still be reloaded. */
async function cutConnection({ context, page }: Person): Promise<{ restore: () => Promise<void> }> {
  const isApi = (url: URL) => url.pathname.startsWith('/v1');
  await context.route(isApi, (route) => route.abort('internetdisconnected'));
  await context.routeWebSocket(/\/v1\/ws/, (socket) => socket.close({ code: 1013 }));
  // An open socket does not notice a route; going offline for a moment ends it.
  await context.setOffline(true);
  await page.locator('[data-testid="connection"][data-state="offline"]').waitFor({ state: 'attached' });
  await context.setOffline(false);
  return {
    restore: async () => {
      await context.unrouteAll({ behavior: 'ignoreErrors' });
      await page.reload();
    },
  };
}

async function sequencesOf({ page }: Person): Promise<(string | null)[]> {
  return await page
    .getByTestId('message')
    .evaluateAll((rows) => rows.map((item) => item.getAttribute('data-sequence')));
}

async function focused({ page }: Person): Promise<string | null> {
  return await page.evaluate(() => document.activeElement?.getAttribute('data-testid') ?? null);
}

/** Turns the wheel once, then watches how far a message wanders by itself while older ones come in above it. */
async function driftWhileScrollingUp({ page }: Person): Promise<number> {
  await page.mouse.wheel(0, -600);
  return await page.evaluate(async () => {
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
    const timeline = document.querySelector('[data-testid="timeline"]');
    const isSeen = (element: Element) => element.getBoundingClientRect().top > 200;
    for (let count = 0; count < 8; count++) await frame();
    const watched = Array.from(timeline?.querySelectorAll('[data-testid="message"]') ?? []).find(isSeen);
    const before = watched?.getBoundingClientRect().top ?? 0;
    let drift = 0;
    for (let count = 0; count < 12; count++) {
      await frame();
      if (watched?.isConnected === true)
        drift = Math.max(drift, Math.abs(watched.getBoundingClientRect().top - before));
    }
    return drift;
  });
}
