/** How a part was asked to stop, and the exit code that says so. */
export interface Stop {
  readonly signal: 'SIGINT' | 'SIGTERM';
  /** 130 after Ctrl-C; 0 after SIGTERM, which is how a service is told to go and no failure. */
  readonly code: number;
}

/** Waits for SIGINT or SIGTERM. A second one ends the process at once. */
export function untilStopped(): Promise<Stop> {
  return new Promise((resolve) => {
    let asked = false;
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.on(signal, () => {
        if (asked) process.exit(signal === 'SIGINT' ? 130 : 143);
        asked = true;
        resolve({ signal, code: signal === 'SIGINT' ? 130 : 0 });
      });
    }
  });
}
