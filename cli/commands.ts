import type { CommandModule } from './command.js';

export interface CommandEntry {
  readonly summary: string;
  /** Its `run` answers SIGINT and SIGTERM itself: to drain, to print what it holds, or to hand them on to a child. */
  readonly ownSignals?: true;
  /** Loads the command and nothing of the others. */
  readonly load: () => Promise<CommandModule>;
}

/** Every command; the order is that of the help page. */
export const COMMANDS: Readonly<Record<string, CommandEntry>> = {
  dev: {
    summary: 'all parts in one process, to try it out',
    ownSignals: true,
    load: () => import('./dev.js'),
  },
  logs: { summary: 'read streams of logs', ownSignals: true, load: () => import('./logs.js') },
  top: {
    summary: 'watch parts, streams and readers: rates, lag, drops, where the pressure is',
    load: () => import('./top.js'),
  },
  doctor: {
    summary: 'check a deployment, with a canary through every VM',
    load: () => import('./doctor.js'),
  },
  sidecar: {
    summary: 'one per container: runs a command and publishes what it prints',
    ownSignals: true,
    load: () => import('./sidecar.js'),
  },
  consolidator: {
    summary: "one per VM: takes in the sidecars' records and gives them to the relays",
    ownSignals: true,
    load: () => import('./consolidator.js'),
  },
  relay: {
    summary: 'at the edge: reads every VM and serves the streams over HTTP',
    ownSignals: true,
    load: () => import('./relay.js'),
  },
  inject: {
    summary: 'a Kubernetes webhook that puts the sidecar into pods',
    ownSignals: true,
    load: () => import('./inject.js'),
  },
  completion: {
    summary: 'print what makes a shell complete the words of spillway',
    load: () => import('./completion.js'),
  },
  man: { summary: 'print the manual page', load: () => import('./man.js') },
  keygen: { summary: 'make a CURVE key pair', load: () => import('./keygen.js') },
};
