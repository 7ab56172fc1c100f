import type { Device } from './device.ts';

/** Opens devices, at most `atOnce` of them on their way. */
export async function openAll(devices: readonly Device[], atOnce: number): Promise<void> {
  let next = 0;
  const work = async (): Promise<void> => {
    for (let device = devices[next]; device !== undefined; device = devices[next]) {
      next += 1;
      await device.open();
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
}
