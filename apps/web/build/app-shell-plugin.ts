import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Plugin } from 'vite';

/** Files of `public/` that the page needs when there is no network. */
const PUBLIC_FILES = ['/favicon.svg', '/manifest.webmanifest', '/theme.js'];

/** Writes `sw.js`, the service worker, with the names of all that was built. */
export function appShell(): Plugin {
  return {
    name: 'confab-app-shell',
    apply: 'build',
    generateBundle(_options, bundle) {
      const built = Object.keys(bundle).filter(
        (name) => name.startsWith('assets/') && !name.endsWith('.map'),
      );
      const files = ['/', ...built.map((name) => `/${name}`).toSorted(), ...PUBLIC_FILES];
      const version = createHash('sha256').update(JSON.stringify(files)).digest('hex').slice(0, 16);
      const worker = readFileSync(join(import.meta.dirname, 'app-shell-worker.js'), 'utf8')
        .replace('__FILES__', JSON.stringify(files))
        .replace('__VERSION__', version);
      this.emitFile({ type: 'asset', fileName: 'sw.js', source: worker });
    },
  };
}
