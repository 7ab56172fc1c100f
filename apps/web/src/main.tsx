import { createClient } from '@confab/client';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import { browserNavigation } from './routing/navigation.tsx';
import { keepAppShell } from './session/app-shell.ts';
import { deviceNameOf } from './session/device-name.ts';
import './styles/tokens.css';
import './styles/base.css';

const client = createClient({
  url: location.origin,
  clientName: 'confab-web/0.1.0',
  deviceName: deviceNameOf(navigator.userAgent),
});

// What this device remembers is shown at once; the connection comes when it comes.
void client.loaded.then(() => {
  if (client.account.session.get().kind === 'signed_in') client.connection.connect();
});

keepAppShell();

const root = document.querySelector('#root');
if (root === null) throw new Error('index.html has no #root');
createRoot(root).render(
  <StrictMode>
    <App client={client} navigation={browserNavigation()} />
  </StrictMode>,
);
