/** A second. A counter that went back was started anew: then what it counts is all since then. */
export function rateOf(
  now: number | undefined,
  last: number | undefined,
  seconds: number,
): number | undefined {
  if (now === undefined || last === undefined || seconds <= 0) return undefined;
  return (now >= last ? now - last : now) / seconds;
}
