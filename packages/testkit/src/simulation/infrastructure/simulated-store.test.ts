import { storeSuite } from '@confab/contracts/conformance';
import { DrivenClock } from '../../driven-clock.ts';
import { SeededRandom } from '../../seeded-random.ts';
import { SimulatedRun } from './simulated-run.ts';
import { SimulatedStore, type StorePorts } from './simulated-store.ts';
import { CALM_STORE } from './store-weather.ts';

for (const [name, weather] of [
  ['simulated store in calm weather', CALM_STORE],
  ['simulated store that commits in steps', { ...CALM_STORE, inSteps: 1 }],
] as const) {
  storeSuite(name, async () => {
    const clock = new DrivenClock(0);
    const store = new SimulatedStore({ clock, random: new SeededRandom(1), bucketEvents: 10 });
    store.weather = weather;
    let runs = 0;
    const open = (): StorePorts => store.portsFor(new SimulatedRun(`node-a/boot-${(runs += 1)}`, clock));
    return {
      store: open(),
      dispose: async () => {},
      reopen: async () => {
        store.crash();
        return open();
      },
    };
  });
}
