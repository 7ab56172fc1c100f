/** Whether the scenarios meet a fleet behind a balancer, or one machine with its folder. */
export const isOnFleet = process.env['CONFAB_FAULTS_FLEET'] === '1';

/** How long after it was answered a receipt may be seen through another gateway: receipts are gathered where they come. */
export const receiptSeenMsMax = isOnFleet ? 2_000 : 0;
