import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';
import { appShell } from './build/app-shell-plugin.ts';

/** Where `npm run dev` finds the server: the one that `npm start` runs. */
const server = process.env['CONFAB_DEV_SERVER'] ?? 'http://127.0.0.1:8080';

/**
 * React Aria brings its few words in thirty languages. The app speaks one (src/text.ts, and the I18nProvider in
 * src/app.tsx), so the others would only be weight on the way to the first picture.
 */
function oneLanguage(kept: string): Plugin {
  const OTHERS = /react-aria[\w-]*\/.*\/intl\/.*\/([a-z]{2}-[A-Z]{2})\.m?js$/;
  return {
    name: 'confab-one-language',
    enforce: 'pre',
    load: (id) => {
      const language = OTHERS.exec(id)?.[1];
      return language === undefined || language === kept ? null : 'export default {};';
    },
  };
}

export default defineConfig({
  plugins: [oneLanguage('en-US'), react(), appShell()],
  build: {
    outDir: 'dist',
    // Inlined assets would be data: addresses, which the Content-Security-Policy refuses.
    assetsInlineLimit: 0,
    sourcemap: true,
  },
  server: { proxy: { '/v1': { target: server, ws: true } } },
});
