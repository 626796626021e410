/** A moment to the nanosecond, which no number holds. */
export interface Stamp {
  /** Since the epoch. */
  readonly ms: number;
  /** Beyond that, 0 to 999,999. */
  readonly nanos: number;
}

/** RFC 3339 with any fraction: containerd, conmon and Docker write nine digits, podman's API none. */
const STAMP = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/;

/** No engine writes a longer one: `2026-01-01T00:00:00.000000000+00:00`. */
export const MAX_STAMP_LENGTH = 35;

/** Reads the stamps of one log: the second is kept, since lines come many to a second. */
export class StampReader {
  #second = '';
  #zone = '';
  #base = Number.NaN;

  /** Undefined for anything else. */
  read(text: string): Stamp | undefined {
    const match = STAMP.exec(text);
    if (match === null) return undefined;
    const [, second, fraction = '', zone] = match as unknown as [string, string, string | undefined, string];
    if (second !== this.#second || zone !== this.#zone) {
      this.#second = second;
      this.#zone = zone;
      this.#base = Date.parse(second + zone);
    }
    if (Number.isNaN(this.#base)) return undefined;
    const nanos = Number(fraction.padEnd(9, '0'));
    const ms = Math.floor(nanos / 1e6);
    return { ms: this.#base + ms, nanos: nanos - ms * 1e6 };
  }
}

/** Negative if `a` is the earlier. */
export function compareStamps(a: Stamp, b: Stamp): number {
  return a.ms - b.ms || a.nanos - b.nanos;
}
