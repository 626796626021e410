import { spawn } from 'node:child_process';

/** How a service manager is told of a part's life. */
export interface Notifier {
  /** It is being stopped: no more signs of life are due. Idempotent. */
  stopping(): void;
}

const NOBODY: Notifier = { stopping: () => undefined };

/**
 * Tells systemd (`Type=notify`) that this part is ready, and as long as the event loop turns that it is alive
 * (`WatchdogSec=`). Outside such a unit it does nothing.
 *
 * Node has no datagram sockets of the Unix kind, so systemd's own program speaks for us, once in half the watchdog's time;
 * the unit must let it: `NotifyAccess=all`.
 *
 * @param onProblem told once, if that program cannot be run
 * @see https://www.freedesktop.org/software/systemd/man/latest/sd_notify.html
 */
export function notifyReady(
  env: Readonly<Record<string, string | undefined>>,
  onProblem: (problem: string) => void,
): Notifier {
  if (!env['NOTIFY_SOCKET']) return NOBODY;
  let told = false;
  const tell = (...words: string[]) => {
    const child = spawn('systemd-notify', words, { stdio: 'ignore' });
    child.unref();
    child.on('error', (error) => {
      if (!told) onProblem(`systemd is told nothing, as systemd-notify cannot be run: ${error.message}`);
      told = true;
    });
  };
  tell('--ready');
  const watchdog = Number(env['WATCHDOG_USEC'] ?? 0) / 1000;
  const timer = watchdog > 0 ? setInterval(() => tell('WATCHDOG=1'), watchdog / 2).unref() : undefined;
  let stopping = false;
  return {
    stopping() {
      if (stopping) return;
      stopping = true;
      clearInterval(timer);
      tell('STOPPING=1');
    },
  };
}
