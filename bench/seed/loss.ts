import { setTimeout as sleep } from 'node:timers/promises';
import { BenchError } from '../lib/errors.js';
import { VMS, type Fleet } from './fleet.js';
import type { Silence, Witness } from './witness.js';

/** How a fleet got over the loss of a VM. Times in ms. */
export interface Recovery {
  /** From the VM's loss until every reader has lines of all containers again, and goes on having them. */
  readonly live: number;
  /** From asking for the VM's start to the first line of its container at the last reader. */
  readonly read: number;
  /** From asking for the VM's start until another one may be lost. */
  readonly whole: number;
  /** The longest time without a line of a container on another VM, at any reader. */
  readonly othersSilent: number;
  /** What was done to have the VM back. */
  readonly commands: readonly string[];
}

/** What a fleet has not got over by then is not got over, ms. */
const TIMEOUT_MS = 120_000;
/** A fleet that is whole again is watched for so long: coming back may disturb too. */
const SETTLE_MS = 2_000;
/** Shorter than this is no silence but a busy machine. */
const SILENCE_MS = 500;

/**
 * One VM goes without a word while all containers print, and comes back after `away` ms.
 *
 * @throws {BenchError} `part` where readers do not have everything again
 */
export async function loseVm(
  fleet: Fleet,
  witnesses: readonly Witness[],
  vm: number,
  away: number,
): Promise<Recovery> {
  const all = Array.from({ length: VMS }, (_, i) => i);
  const read = (after: number) =>
    Promise.all(witnesses.flatMap((witness) => all.map((one) => witness.readsAfter(one, after))));
  await inTime(read(performance.now()), 'before anything was lost');
  for (const witness of witnesses) witness.reset();

  const lostAt = performance.now();
  await fleet.kill(vm);
  await sleep(away);
  const askedAt = performance.now();
  const restored = fleet.restore(vm);
  const commands = await inTime(restored, 'the VM was not restored');
  const { id } = fleet.runs.findLast((run) => run.vm === vm) as { id: number };
  const firsts = await inTime(
    Promise.all(witnesses.map((witness) => witness.firstLine(id))),
    "the new container's lines do not come",
  );
  await inTime(fleet.whole(), 'it is not whole again');
  const wholeAt = Math.max(performance.now(), ...firsts);
  await sleep(SETTLE_MS);
  await inTime(read(performance.now()), 'lines do not come any more');

  const others = all.filter((one) => one !== vm);
  const silences = witnesses.flatMap((witness) => others.map((one) => witness.longestSilence(one)));
  const ended = silences.filter(({ length }) => length > SILENCE_MS).map(({ endedAt }) => endedAt);
  return {
    live: Math.max(...firsts, ...ended) - lostAt,
    read: Math.max(...firsts) - askedAt,
    whole: wholeAt - askedAt,
    othersSilent: Math.max(...silences.map(({ length }: Silence) => length)),
    commands,
  };
}

async function inTime<T>(work: Promise<T>, otherwise: string): Promise<T> {
  const late = new AbortController();
  const limit = sleep(TIMEOUT_MS, undefined, { signal: late.signal }).then(
    () => Promise.reject(new BenchError('part', `after ${TIMEOUT_MS / 1000} s: ${otherwise}`)),
    () => new Promise<never>(() => {}),
  );
  try {
    return await Promise.race([work, limit]);
  } finally {
    late.abort();
  }
}
