import type { Stream } from '../wire/index.js';
import type { Consumer, ConsumerOptions } from './consumer.js';
import type { Format } from './encode/index.js';
import type { FilterSpec } from './filter.js';
import type { PastAsked } from './rejoin.js';

/** What one reader asks for. */
export interface JoinRequest {
  readonly stream: Stream;
  readonly format: Format;
  readonly filter: FilterSpec;
  readonly buffer: Pick<ConsumerOptions, 'hwm' | 'hwmBytes' | 'overflow'>;
  /** Where in the past it begins; without it, now. */
  readonly past?: PastAsked;
  /** Each record is to say the position after it, also in a format that has no place for it. */
  readonly cursors?: boolean;
}

/** A consumer and what it asked for. */
export interface Joined {
  readonly id: string;
  /** Where it connects from; empty where that is not known. */
  readonly remote: string;
  /** Its stream ends then, ms since the epoch. */
  readonly until: number;
  /** Its reader is asked to come anew then, ms since the epoch. */
  readonly recycledAt: number;
  readonly consumer: Consumer;
  readonly request: JoinRequest;
  /** Runs of consolidators that were heard of for the stream. */
  readonly heardOf: () => number;
}
