import { isId } from './ledger.js';

/**
 * Subscription messages as XPUB and XSUB exchange them: one byte 1 (subscribe) or 0 (unsubscribe), then the prefix.
 *
 * @see https://rfc.zeromq.org/spec/29/
 */
export interface Subscription {
  readonly subscribe: boolean;
  /** The prefix as latin1 text. */
  readonly prefix: string;
}

/**
 * What a consolidator subscribes to besides the streams: a byte that no topic begins with. It matches nothing; a
 * sidecar that sees it knows that it speaks to a consolidator, whose subscriptions have arrived in the same burst.
 */
export const PRESENCE_PREFIX = '\xff';

/** The presence mark that also says which run of a consolidator it is. It goes out besides the bare one. */
export function formatPresence(node: string): string {
  return PRESENCE_PREFIX + node;
}

/** The run that a presence mark names; undefined for the bare mark, and for any other prefix. */
export function parsePresence(prefix: string): string | undefined {
  if (!prefix.startsWith(PRESENCE_PREFIX)) return undefined;
  const node = prefix.slice(PRESENCE_PREFIX.length);
  return isId(node) ? node : undefined;
}

export function formatSubscription(subscription: Subscription): Buffer {
  return Buffer.from(`${subscription.subscribe ? '\x01' : '\x00'}${subscription.prefix}`, 'latin1');
}

/** Undefined for a message that is no subscription (XPUB also hands up what peers send by hand). */
export function parseSubscription(frame: Buffer): Subscription | undefined {
  const kind = frame[0];
  if (kind !== 0 && kind !== 1) return undefined;
  return { subscribe: kind === 1, prefix: frame.toString('latin1', 1) };
}
