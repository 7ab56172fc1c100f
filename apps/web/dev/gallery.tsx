import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from '../src/app.tsx';
import '../src/styles/base.css';
import '../src/styles/tokens.css';
import { message } from './cast.ts';
import { fakeClient } from './fake-client.ts';
import styles from './gallery.module.css';
import { memoryNavigation } from './memory-navigation.ts';
import { type Scene, scenes } from './scenes.ts';

const query = new URLSearchParams(location.search);
const theme = query.get('theme');
if (theme === 'light' || theme === 'dark') document.documentElement.dataset['theme'] = theme;

const scene = scenes.find(({ name }) => name === query.get('scene'));
const root = document.querySelector('#root');
if (root === null) throw new Error('gallery.html has no #root');
createRoot(root).render(<StrictMode>{scene === undefined ? <Index /> : stage(scene)}</StrictMode>);

/** One scene over the whole page, as the app would be. */
function stage(played: Scene) {
  const client = fakeClient(played);
  const { chatter } = played;
  if (chatter !== undefined) {
    let said = 100;
    setInterval(() => {
      said += 1;
      client.hear(
        chatter,
        message(chatter, said, { from: 'ada', body: `Something new, number ${said - 100}`, minutes: 0 }),
      );
    }, 2_000);
  }
  return <App client={client} navigation={memoryNavigation(played.path)} />;
}

/** All scenes side by side, each in a window of its own so that widths are real. */
function Index() {
  return (
    <main className={styles['gallery']}>
      {scenes.map(({ name }) => (
        <figure key={name}>
          <figcaption>
            <a href={`?scene=${name}`}>{name}</a>
          </figcaption>
          {/* These are our own pages; a sandbox would take their storage away. */}
          {/* oxlint-disable-next-line react/iframe-missing-sandbox */}
          <iframe className={styles['wide']} loading="lazy" src={`?scene=${name}`} title={`${name}, wide`} />
          {/* These are our own pages; a sandbox would take their storage away. */}
          {/* oxlint-disable-next-line react/iframe-missing-sandbox */}
          <iframe
            className={styles['narrow']}
            loading="lazy"
            src={`?scene=${name}&theme=dark`}
            title={`${name}, narrow`}
          />
        </figure>
      ))}
    </main>
  );
}
