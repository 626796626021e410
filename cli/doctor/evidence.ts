import type { Answer } from '../probe/get.js';
import type { Sample } from '../probe/exposition.js';

/** All that was seen. Times are of performance.now(), in ms, unless they say otherwise. */
export interface Evidence {
  readonly vms: readonly VmEvidence[];
  readonly relays: readonly RelayEvidence[];
  readonly consolidators: readonly PageEvidence[];
  /** What a source of discovery had to complain of. */
  readonly discoveryProblems: readonly { readonly source: string; readonly problem: string }[];
  /** This program's own. */
  readonly version: string;
}

export interface VmEvidence {
  readonly subscribe: string;
  readonly publish: string;
  /** When each canary was sent. */
  readonly sent: readonly number[];
  /** When each came out of the consolidator itself. */
  readonly tapped: readonly (number | undefined)[];
  /** How far the clocks of its other senders are ahead of this one, ms; behind is negative. */
  readonly skews: readonly number[];
}

/** A page of metrics, and the clock that stood on it. */
export interface PageEvidence {
  readonly url: string;
  readonly problem?: string;
  /** HTTP, where that is the problem. */
  readonly status?: number;
  readonly samples: readonly Sample[];
  /** How far its clock is ahead of this one, ms, give or take a second. */
  readonly skew?: number;
}

export interface RelayEvidence extends PageEvidence {
  readonly health: Answer;
  readonly ready: Answer;
  /** What somebody without a token gets of the list of consumers. */
  readonly stranger: Answer;
  readonly withToken: boolean;
  readonly stream: StreamEvidence;
}

export interface StreamEvidence {
  /** How long the head of the response took, and the greeting behind it. */
  readonly opened?: number;
  readonly greeted?: number;
  /** Why there is no stream. */
  readonly failure?: string;
  /** By VM, when each of its canaries came. */
  readonly arrivals: readonly (readonly (number | undefined)[])[];
}
