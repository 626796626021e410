import type { Owed } from '../wire/index.js';

/**
 * Where a record can be lost and why. The order is fixed: a {@link Losses} is indexed by it.
 *
 * The hop of a `transit` loss is the receiver that found it: records that left a sidecar and never reached a
 * consolidator, or died with one, are the consolidator's; those that a consolidator sent and a relay never saw are
 * the relay's.
 */
export const LOSS_KINDS = [
  { hop: 'sidecar', reason: 'sidecar-overflow' },
  { hop: 'consolidator', reason: 'transit' },
  { hop: 'relay', reason: 'transit' },
  { hop: 'relay', reason: 'consumer-overflow' },
  { hop: 'relay', reason: 'shutdown' },
] as const;

export type LossKind = (typeof LOSS_KINDS)[number];
export type Hop = LossKind['hop'];
export type Reason = LossKind['reason'];

/** Index of each kind in {@link LOSS_KINDS}. */
export const SIDECAR_OVERFLOW = 0;
export const CONSOLIDATOR_TRANSIT = 1;
export const RELAY_TRANSIT = 2;
export const CONSUMER_OVERFLOW = 3;
export const RELAY_SHUTDOWN = 4;

/**
 * Records lost by kind, in the order of {@link LOSS_KINDS}; and last, outside every sum, the sources that fell silent
 * without a `fin`: how many of their records are missing nobody can know. Never changed in place, so that it can be
 * shared.
 */
export type Losses = readonly [number, number, number, number, number, silentSources: number];

/** Index of the sources that fell silent. */
export const SILENT_SOURCES = 5;

export const NO_LOSSES: Losses = [0, 0, 0, 0, 0, 0];

export function addLosses(a: Losses, b: Losses): Losses {
  return [a[0] + b[0], a[1] + b[1], a[2] + b[2], a[3] + b[3], a[4] + b[4], a[5] + b[5]];
}

export function subtractLosses(a: Losses, b: Losses): Losses {
  return [a[0] - b[0], a[1] - b[1], a[2] - b[2], a[3] - b[3], a[4] - b[4], a[5] - b[5]];
}

/** Those upstream of a relay, as a cursor names them. */
export function owedOf(losses: Losses): Owed {
  return [
    losses[SIDECAR_OVERFLOW],
    losses[CONSOLIDATOR_TRANSIT],
    losses[RELAY_TRANSIT],
    losses[SILENT_SOURCES],
  ];
}

/** The reverse of {@link owedOf}. */
export function lossesOwed([sidecar, consolidator, relay, silentSources]: Owed): Losses {
  return [sidecar, consolidator, relay, 0, 0, silentSources];
}

/** `count` records of one kind. */
export function lossOf(kind: number, count: number): Losses {
  return NO_LOSSES.map((zero, i) => (i === kind ? count : zero)) as unknown as Losses;
}

/** Whether there is nothing to tell. */
export function isNone(losses: Losses): boolean {
  return sumLosses(losses) === 0 && losses[SILENT_SOURCES] === 0;
}

/** Records lost for whatever reason. */
export function sumLosses(losses: Losses): number {
  return losses[0] + losses[1] + losses[2] + losses[3] + losses[4];
}
