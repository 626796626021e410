import type { Manner } from './reader.js';
import type { StreamFormat } from './parse.js';
import { Random } from './random.js';
import type { FilterName } from './words.js';

/** A program under a sidecar, and how the sidecar is set up. */
export interface ProgramPlan {
  /** Words of the sidecar's command that say whose output it is. */
  readonly who: readonly string[];
  /** Its topic, without the `/` at the end: `tenant/acme/web-1`. */
  readonly topic: string;
  /** Index of its VM's consolidator. */
  readonly vm: number;
  readonly overflow: 'drop-oldest' | 'drop-newest' | 'block';
  readonly hwm: number;
  /** Lines a second; 0 for as many as are taken. */
  readonly rate: number;
}

export interface ReaderPlan {
  readonly relay: number;
  /** `tenant/acme`, `tenant/acme/web-1`, `system/scheduler`. */
  readonly stream: string;
  readonly filter: FilterName;
  readonly containers?: readonly string[];
  readonly format: StreamFormat;
  /** Unique in a run: by it the relay's row of this reader is known. */
  readonly hwm: number;
  readonly overflow: 'drop-oldest' | 'drop-newest' | 'disconnect';
  readonly manner: Manner;
  /** When it connects, ms after the start; 0 is before any program prints. */
  readonly joinsAt: number;
}

export type Target =
  | { readonly part: 'consolidator' | 'relay'; readonly index: number }
  /** The sidecar of the program of that index. */
  | { readonly part: 'sidecar'; readonly index: number };

export interface Fault {
  /** Ms after the start. */
  readonly at: number;
  /**
   * `kill` is SIGKILL and a new one in its place; `stop` is SIGSTOP and, later, SIGCONT; `drain` is SIGTERM and a new
   * one; `job` starts a short program beside the others.
   */
  readonly what: 'kill' | 'stop' | 'drain' | 'job';
  readonly target: Target;
  /** Until it is started again or goes on, ms. */
  readonly lasts: number;
}

/** Everything about a run that chance decides. */
export interface Plan {
  readonly seed: number;
  readonly vms: readonly { readonly sendHwm: number; readonly receiveHwm: number }[];
  readonly relays: number;
  readonly programs: readonly ProgramPlan[];
  readonly readers: readonly ReaderPlan[];
  readonly faults: readonly Fault[];
  /** Lines of a `job`. */
  readonly jobLines: number;
}

export interface PlanOptions {
  /** For how long there are faults, ms. */
  readonly duration: number;
  /** Lines that all long programs together may print. */
  readonly lines: number;
  /** Mean time between faults, ms. */
  readonly spacing: number;
}

const VMS = 2;
/** The first is killed and drained now and then; the second lives to the end, and so do its readers. */
const RELAYS = 2;
const LASTING_RELAY = 1;
const TENANT = 'tenant/acme';
export const SCHEDULER = 'system/scheduler';
const WITNESS_HWM = 1_000_000;

/** The same seed and options give the same plan. */
export function makePlan(seed: number, options: PlanOptions): Plan {
  const random = new Random(seed);
  const vms = Array.from({ length: VMS }, () => ({
    sendHwm: random.pick([5, 50, 1_000]),
    receiveHwm: random.pick([2, 16, 256]),
  }));
  const programs = planPrograms(random, options);
  return {
    seed,
    vms,
    relays: RELAYS,
    programs,
    readers: [...witnesses(), ...planReaders(random, programs, options)],
    faults: planFaults(random, programs.length, options),
    jobLines: random.int(1, 2_000),
  };
}

/** Streams whose order is kept: every other stream is a part of one of them. */
export const WITNESSED = [TENANT, SCHEDULER] as const;

function witnesses(): ReaderPlan[] {
  const relays = Array.from({ length: RELAYS }, (_, relay) => relay);
  return relays.flatMap((relay) =>
    WITNESSED.map((stream, i) => ({
      relay,
      stream,
      filter: 'all',
      format: i === 0 ? 'ndjson' : 'sse',
      hwm: WITNESS_HWM - i,
      overflow: 'drop-oldest',
      manner: { kind: 'fast' },
      joinsAt: 0,
    })),
  );
}

function planPrograms(random: Random, { duration, lines }: PlanOptions): ProgramPlan[] {
  const containers = Array.from({ length: random.int(3, 4) }, (_, i) => `web-${i + 1}`);
  // An even rate leaves none without lines in any phase; floods of all at once measure only the machine.
  const share = Math.ceil((lines / (containers.length + 1) / duration) * 1000);
  const plan = (who: readonly string[], topic: string, i: number): ProgramPlan => ({
    who,
    topic,
    vm: i % VMS,
    overflow: (['drop-oldest', 'drop-newest', 'block'] as const)[i % 3] as ProgramPlan['overflow'],
    hwm: random.pick([10, 200, 50_000]),
    rate: random.chance(0.3) ? share * 4 : share,
  });
  return [
    ...containers.map((name, i) => plan(['--tenant', 'acme', '--container', name], `${TENANT}/${name}`, i)),
    plan(['--system', 'scheduler'], SCHEDULER, containers.length),
  ];
}

const OVERFLOWS = ['drop-oldest', 'drop-newest', 'disconnect'] as const;

function planReaders(
  random: Random,
  programs: readonly ProgramPlan[],
  { duration }: PlanOptions,
): ReaderPlan[] {
  const topics = programs.map(({ topic }) => topic) as [string, ...string[]];
  const manners: readonly Manner[] = [
    { kind: 'fast' },
    { kind: 'slow', bytesPerSecond: random.int(20_000, 400_000) },
    { kind: 'stalling', readsFor: random.int(100, 600), standsFor: random.int(1_000, 3_000) },
  ];
  const readers: ReaderPlan[] = [];
  // Every manner meets every policy, on the relay that lasts; chance decides the rest.
  for (const manner of manners) {
    for (const overflow of OVERFLOWS) {
      const stream = random.chance(0.5) ? TENANT : random.pick(topics);
      readers.push({
        relay: overflow !== 'disconnect' || random.chance(0.5) ? LASTING_RELAY : 0,
        stream,
        filter: random.pick(['all', 'all', 'level', 'word']),
        ...(stream === TENANT && random.chance(0.3) && { containers: ['web-1', 'web-3'] }),
        format: random.pick(['sse', 'ndjson']),
        hwm: 0,
        overflow,
        manner,
        joinsAt: random.chance(0.25) ? random.int(1, Math.floor(duration / 2)) : 0,
      });
    }
  }
  // And some on the one that does not.
  for (const overflow of OVERFLOWS) {
    readers.push({
      relay: 0,
      stream: random.pick([TENANT, ...topics]),
      filter: random.pick(['all', 'level']),
      format: random.pick(['sse', 'ndjson']),
      hwm: 0,
      overflow,
      manner: random.pick(manners as [Manner, ...Manner[]]),
      joinsAt: 0,
    });
  }
  // Tiny marks and larger ones, each of them one reader's alone.
  return readers.map((reader, i) => ({ ...reader, hwm: random.pick([1, 200, 5_000]) + i }));
}

function planFaults(random: Random, programs: number, { duration, spacing }: PlanOptions): Fault[] {
  const faults: Fault[] = [];
  for (let at = spacing / 2; at < duration; at += random.int(spacing / 2, (spacing * 3) / 2)) {
    faults.push({ at, ...planFault(random, programs) });
  }
  return faults;
}

function planFault(random: Random, programs: number): Omit<Fault, 'at'> {
  const sidecar = { part: 'sidecar', index: random.int(0, programs - 1) } as const;
  const consolidator = { part: 'consolidator', index: random.int(0, VMS - 1) } as const;
  const relay = { part: 'relay', index: 0 } as const;
  const pause = random.int(200, 1_500);
  return random.pick<Omit<Fault, 'at'>>([
    { what: 'kill', target: sidecar, lasts: pause },
    { what: 'kill', target: consolidator, lasts: pause },
    { what: 'kill', target: relay, lasts: pause },
    { what: 'drain', target: relay, lasts: pause },
    { what: 'stop', target: sidecar, lasts: pause },
    { what: 'stop', target: consolidator, lasts: pause },
    { what: 'stop', target: { part: 'relay', index: random.int(0, RELAYS - 1) }, lasts: pause },
    { what: 'job', target: sidecar, lasts: 0 },
  ]);
}
