// Loaded before a server whose memory is measured, on Bun or on Node with --expose-gc: at SIGUSR2 it collects its
// garbage, so that what is counted is what it holds and not what it has not yet given back.
process.on('SIGUSR2', () => {
  if (process.versions.bun === undefined) globalThis.gc();
  else Bun.gc(true);
});
