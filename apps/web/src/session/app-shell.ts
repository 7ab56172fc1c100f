/**
 * Has the browser keep the app's own files, so that a reload works without a network. Where that is not possible - no
 * secure context, a private window - the app works as before, with a network.
 */
export function keepAppShell(): void {
  if (!('serviceWorker' in navigator) || !import.meta.env.PROD) return;
  void navigator.serviceWorker.register('/sw.js').catch(() => undefined);
}
