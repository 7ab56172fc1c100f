/** Headers of all answers that are no upgrade, as the HTTP door's have them: they are one user's, and differ by Origin. */
export const answerHeaders = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  vary: 'Origin',
} as const;
