import {
  openAllowList,
  readKeyPair,
  readPublicKey,
  type AllowList,
  type AllowListHooks,
  type CurveClient,
  type CurveKeyPair,
} from '../cluster/curve/index.js';
import { isLoopbackEndpoint, type ConsolidatorEntry } from '../cluster/index.js';

export interface TrustOptions {
  /** File of the relay's secret CURVE key: with it, it speaks CURVE and nothing else. */
  readonly curveSecretKey: string | undefined;
  /** Public key of the consolidators whose entry names none, or the file that holds it. */
  readonly curveServerKey: string | undefined;
  /** File of the public keys that a consolidator may have. */
  readonly curveAllow: string | undefined;
  /** Read in clear what is not on this machine. */
  readonly insecure: boolean;
}

/** How to speak to a consolidator (in clear where `curve` is absent), or why not to. */
export type Verdict = { readonly curve?: CurveClient } | { readonly problem: string };

/**
 * To whom a relay listens. A directory, or whoever can write to it, only says where a consolidator is and which key it
 * has; an allow-list says which keys there are.
 */
export class Trust {
  /** Called when the list has changed: who was judged may be judged otherwise now. */
  onChange: () => void = () => {};
  readonly #keys: CurveKeyPair | undefined;
  readonly #serverKey: string | undefined;
  readonly #allow: AllowList | undefined;
  readonly #insecure: boolean;

  private constructor(
    keys: CurveKeyPair | undefined,
    serverKey: string | undefined,
    allow: AllowList | undefined,
    insecure: boolean,
  ) {
    this.#keys = keys;
    this.#serverKey = serverKey;
    this.#allow = allow;
    this.#insecure = insecure;
  }

  /** @throws {ClusterError} `key` where a key or the list cannot be used */
  static async open(
    { curveSecretKey, curveServerKey, curveAllow, insecure }: TrustOptions,
    hooks: AllowListHooks = {},
  ): Promise<Trust> {
    const keys = curveSecretKey === undefined ? undefined : readKeyPair(curveSecretKey);
    const serverKey = curveServerKey === undefined ? undefined : readPublicKey(curveServerKey);
    const onAllowList = (list: AllowList, removed: number) => {
      hooks.onAllowList?.(list, removed);
      trust.onChange();
    };
    const allow =
      curveAllow === undefined ? undefined : await openAllowList(curveAllow, { ...hooks, onAllowList });
    const trust = new Trust(keys, serverKey, allow, insecure);
    return trust;
  }

  judge({
    subscribe,
    curveKey = this.#serverKey,
  }: Pick<ConsolidatorEntry, 'subscribe' | 'curveKey'>): Verdict {
    const keys = this.#keys;
    if (keys === undefined) {
      if (curveKey !== undefined)
        return { problem: 'It speaks CURVE: give this relay a --curve-secret-key.' };
      if (this.#insecure || isLoopbackEndpoint(subscribe)) return {};
      return {
        problem:
          'It is on another machine, and without CURVE anybody on the way could read along or answer in its place: give this relay a --curve-secret-key, or say --insecure.',
      };
    }
    // To fall back to plain text would leave it to the directory whether there is any security.
    if (curveKey === undefined)
      return { problem: 'Its key is not known: add key=… to its entry, or give --curve-server-key.' };
    if (this.#allow !== undefined && !this.#allow.has(curveKey))
      return { problem: `Its key ${curveKey} is not on the allow-list ${this.#allow.path}.` };
    return { curve: { keys, serverKey: curveKey } };
  }

  /** Idempotent. */
  async close(): Promise<void> {
    await this.#allow?.close();
  }
}
