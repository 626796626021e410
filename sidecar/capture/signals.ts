import { readFileSync } from 'node:fs';

/**
 * What a process manager, an engine or a user sends on purpose. Not among them: what cannot be caught (KILL, STOP), what
 * tells of a fault in the receiver itself (SEGV, ABRT, …), what the kernel sends to a reader or writer (PIPE, TTIN, TTOU)
 * and Node's own (CHLD, PROF).
 */
export const FORWARDED_SIGNALS = [
  'SIGTERM',
  'SIGINT',
  'SIGHUP',
  'SIGQUIT',
  'SIGUSR1',
  'SIGUSR2',
  'SIGWINCH',
  'SIGCONT',
  'SIGALRM',
  'SIGTSTP',
] as const satisfies readonly NodeJS.Signals[];

export type ForwardedSignal = (typeof FORWARDED_SIGNALS)[number];

/** What a terminal sends to every process of its foreground group, so to the command as well as to the sidecar. */
const FROM_TERMINAL: ReadonlySet<NodeJS.Signals> = new Set(['SIGINT', 'SIGQUIT', 'SIGWINCH', 'SIGHUP']);

/** Where a process stands towards its terminal. */
export interface TerminalPlace {
  /** The terminal's keys reach this process. */
  readonly foreground: boolean;
  /** It leads its session, as the first process of a container does: a hang-up reaches it alone. */
  readonly leader: boolean;
}

/**
 * Hands each signal on to `send` from now on, instead of what it would do to this process. A listener for SIGUSR1 also
 * keeps Node from starting its debugger.
 *
 * In the foreground of a terminal, INT, QUIT, WINCH and HUP are left to the terminal: the command has them already, and
 * many a program takes a second INT for "at once". Node cannot tell who sent a signal, so one of the four that was sent
 * with `kill` to the sidecar alone is not handed on there; TERM always is. TSTP keeps its own meaning on a terminal:
 * the shell waits until the whole job has stopped.
 *
 * @returns gives the signals back; idempotent
 */
export function forwardSignals(
  send: (signal: ForwardedSignal) => void,
  place: () => TerminalPlace = terminalPlace,
): () => void {
  const listeners: [ForwardedSignal, () => void][] = [];
  for (const signal of FORWARDED_SIGNALS) {
    if (signal === 'SIGTSTP' && place().foreground) continue;
    const listener = () => {
      if (FROM_TERMINAL.has(signal) && reachesGroup(signal, place())) return;
      send(signal);
    };
    process.on(signal, listener);
    listeners.push([signal, listener]);
  }
  return () => {
    for (const [signal, listener] of listeners.splice(0)) process.off(signal, listener);
  };
}

function reachesGroup(signal: ForwardedSignal, place: TerminalPlace): boolean {
  return place.foreground && !(signal === 'SIGHUP' && place.leader);
}

/** @see proc_pid_stat(5): after the name, which may hold anything, come state ppid pgrp session tty_nr tpgid */
export function terminalPlace(): TerminalPlace {
  try {
    const stat = readFileSync('/proc/self/stat', 'latin1');
    const [, , group, session, terminal, foreground] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { foreground: terminal !== '0' && foreground === group, leader: session === String(process.pid) };
  } catch {
    return { foreground: process.stdin.isTTY, leader: false }; // Not Linux.
  }
}
