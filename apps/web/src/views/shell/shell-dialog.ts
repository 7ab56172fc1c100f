/** The dialogs that open from anywhere. */
export type ShellDialog = 'start' | 'switcher' | 'devices';
