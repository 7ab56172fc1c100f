// Runs before the first paint, so that a chosen theme does not flash. A file of its own: inline scripts are refused
// by the Content-Security-Policy. The key is the one in src/session/theme.ts.
(function () {
  try {
    var theme = localStorage.getItem('confab.theme');
    if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
  } catch {
    // Storage is blocked: the system's scheme it is.
  }
})();
