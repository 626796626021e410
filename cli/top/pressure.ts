import type { Model } from './model.js';
import { percent, rate, time } from './units.js';

/** From here on a process has no more room for a burst: shares of a processor's time. */
const BUSY = 0.9;
/** From here on a buffer is about to drop. */
const FULL = 0.8;
/** A reader that is further behind than this does not read live any more, ms. */
const BEHIND_MS = 1_000;

const WHERE: Readonly<Record<string, string>> = {
  'sidecar-overflow': 'sidecars drop: containers print faster than their records can leave',
  'consumer-overflow': 'readers drop: they are too slow for their buffers',
  shutdown: 'lost to relays that were stopped',
};

/** Where the pressure is, the worst first; empty where there is none. */
export function pressureOf({ parts, losses, consumers }: Model): string[] {
  const found: string[] = [];
  for (const { kind, url, problem } of parts) {
    if (problem !== undefined) found.push(`${kind} ${hostOf(url)}: ${problem}`);
  }
  for (const { hop, reason, rate: now } of losses) {
    if (now === undefined || now <= 0) continue;
    const where =
      reason === 'transit' ? `lost on the way to a ${hop}` : (WHERE[reason] ?? `${reason} at ${hop}`);
    found.push(`${where} (${rate(now)}/s)`);
  }
  for (const { kind, url, busy, known, connected } of parts) {
    if (busy !== undefined && busy >= BUSY) found.push(`${kind} ${hostOf(url)} is ${percent(busy)} busy`);
    if (known !== undefined && connected !== undefined && connected < known) {
      found.push(`relay ${hostOf(url)} reads ${connected} of the ${known} consolidators that it knows`);
    }
  }
  const full = consumers.filter((consumer) => consumer.full >= FULL);
  if (full.length > 0)
    found.push(`${count(full.length, 'reader')} with a buffer at least ${percent(FULL)} full`);
  const behind = consumers.filter(({ lag }) => lag.ms >= BEHIND_MS);
  if (behind.length > 0) {
    const worst = Math.max(...behind.map(({ lag }) => lag.ms));
    found.push(`${count(behind.length, 'reader')} behind, the furthest by ${time(worst)}`);
  }
  return found;
}

/** What tells a part from others on a screen that is narrow. */
export function hostOf(url: string): string {
  return URL.canParse(url) ? url.replace(/^https?:\/\//, '') : url;
}

function count(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? '' : 's'}`;
}
