/** ` (did you mean --tail?)`, or nothing if no candidate is near what was typed. */
export function didYouMean(typed: string, candidates: readonly string[], prefix = ''): string {
  let best: string | undefined;
  let least = Math.max(1, Math.floor(typed.length / 3)) + 1;
  for (const candidate of candidates) {
    const starts = typed.length >= 2 && candidate.startsWith(typed);
    const distance = starts ? 0 : editDistance(typed, candidate);
    if (distance < least) [best, least] = [candidate, distance];
  }
  return best === undefined ? '' : ` (did you mean ${prefix}${best}?)`;
}

/** Insertions, deletions, replacements and swaps of neighbours (optimal string alignment). */
export function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replace = (last[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      let cost = Math.min(replace, (last[j] as number) + 1, (row[j - 1] as number) + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        cost = Math.min(cost, (before[j - 2] as number) + 1);
      }
      row.push(cost);
    }
    [before, last] = [last, row];
  }
  return last[b.length] as number;
}
