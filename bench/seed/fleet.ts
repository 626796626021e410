/** One run of a container's program. */
export interface ContainerRun {
  /** Its index among all, which its lines tell. */
  readonly id: number;
  readonly vm: number;
  /** Went with its VM, without a word. */
  readonly wasKilled: boolean;
  /** Whole lines that were taken from it so far. */
  printed(): number;
}

/**
 * Three VMs with a container on each, and one server, apart from them, from which readers have what all three print. Two
 * systems do that here; the containers, the readers and what happens to a VM are the same.
 */
export interface Fleet {
  readonly name: string;
  /** What runs and how it is configured, in sentences. */
  readonly setup: readonly string[];
  /** Where readers have the lines of all containers. */
  readonly url: string;
  /** All processes by name. */
  processes(): Readonly<Record<string, number>>;
  readonly runs: readonly ContainerRun[];
  /** Starts the containers; readers are there. */
  open(): Promise<void>;
  /** SIGKILL to all that is on a VM: nothing of it says a word. */
  kill(vm: number): Promise<void>;
  /** What an operator does to have the VM back: a sentence for each command that was run. Resolves when they are through. */
  restore(vm: number): Promise<readonly string[]>;
  /** Resolves when the next VM may be lost. */
  whole(): Promise<void>;
  /** Ends the containers, and what they printed goes out. */
  rest(): Promise<void>;
}

export const VMS = 3;
export const TENANT = 'acme';

export function containerOf(vm: number): string {
  return `web-${vm}`;
}
