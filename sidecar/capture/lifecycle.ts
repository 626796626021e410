/**
 * What becomes of what prints. `started`: output begins; `found`: it is there again after it was lost; `ended`: it is
 * over; `lost`: something stands between us and the output, or some of it may be missing.
 */
export type LifeKind = 'started' | 'found' | 'ended' | 'lost';

export interface LifeEvent {
  readonly kind: LifeKind;
  /** A sentence for who operates it. */
  readonly msg: string;
  /** The exit code, where the source can know it: a FIFO and a log file cannot. */
  readonly code?: number;
  readonly signal?: string;
  /** More that the source knows: a pid, an image, a file. */
  readonly fields?: Readonly<Record<string, string | number>>;
}

export type OnLife = (event: LifeEvent) => void;
