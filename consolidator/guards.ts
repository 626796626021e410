import type { Socket } from 'zeromq';
import {
  guardSocket,
  Handshakes,
  HANDSHAKE_MS,
  openAllowList,
  readKeyPair,
  type AllowList,
  type AllowListHooks,
  type CurveKeyPair,
  type HandshakeRefusal,
  type RefusedHandshake,
} from '../cluster/curve/index.js';
import { ConsolidatorError } from './errors.js';

/** The sockets that a consolidator listens on. */
export const DOORS = ['publish', 'subscribe', 'replay'] as const;

export type Door = (typeof DOORS)[number];

export interface GuardOptions {
  /** File of the secret CURVE key; without it nobody has to prove anything. */
  readonly secretKey: string | undefined;
  /** File of the public keys that are let in, by door; without it whoever knows the consolidator's public key. */
  readonly allow: Readonly<Record<Door, string | undefined>>;
}

/** Told of who is let in, and who was not. */
export interface GuardHooks extends AllowListHooks {
  /** A peer was not let in: the first of a kind, and again every five minutes if it goes on. */
  readonly onRefused?: (refused: RefusedHandshake) => void;
}

/** Who may connect to a consolidator's sockets. */
export class Guards {
  readonly #keys: CurveKeyPair | undefined;
  readonly #lists: ReadonlyMap<Door, AllowList>;
  readonly #handshakes: Handshakes;
  readonly #releases = new Map<Door, () => void>();
  /** Keys that were let in at a socket that is still open. */
  readonly #admitted = new Map<Door, Set<string>>();
  /** A key that was let in at a door is on its list no more; for the owner to set. */
  onRevoked: (door: Door) => void = () => {};

  private constructor(
    keys: CurveKeyPair | undefined,
    lists: ReadonlyMap<Door, AllowList>,
    hooks: GuardHooks,
  ) {
    this.#keys = keys;
    this.#lists = lists;
    this.#handshakes = new Handshakes(hooks.onRefused);
  }

  /** @throws {ClusterError} `key` @throws {ConsolidatorError} `insecure` for a list without a key */
  static async open({ secretKey, allow }: GuardOptions, hooks: GuardHooks = {}): Promise<Guards> {
    const keys = secretKey === undefined ? undefined : readKeyPair(secretKey);
    const lists = new Map<Door, AllowList>();
    const guards = new Guards(keys, lists, hooks);
    for (const door of DOORS) {
      const path = allow[door];
      if (path === undefined) continue;
      if (keys === undefined) throw keyless(door);
      const onAllowList = (list: AllowList, removed: number) => {
        hooks.onAllowList?.(list, removed);
        guards.#review(door, list);
      };
      lists.set(door, await openAllowList(path, { ...hooks, onAllowList }));
    }
    return guards;
  }

  #review(door: Door, list: AllowList): void {
    const admitted = this.#admitted.get(door) ?? new Set();
    if ([...admitted].some((key) => !list.has(key))) this.onRevoked(door);
  }

  /** The public key by which peers know this consolidator. */
  get publicKey(): string | undefined {
    return this.#keys?.publicKey;
  }

  /** Handshakes that came to nothing so far. */
  get refused(): Readonly<Record<HandshakeRefusal, number>> {
    return this.#handshakes.refused;
  }

  /** Whether only those come in who prove that they are on a list. */
  isClosed(door: Door): boolean {
    return this.#lists.has(door);
  }

  /** Puts a guard before a socket, which is not bound yet; one that it follows at the same door is closed. */
  async apply(socket: Socket, door: Door): Promise<void> {
    socket.handshakeInterval = HANDSHAKE_MS;
    this.#handshakes.watch(socket);
    if (this.#keys === undefined) return;
    const list = this.#lists.get(door);
    const admitted = new Set<string>();
    this.#admitted.set(door, admitted);
    const allow = list && { has: (key: string) => list.has(key) && admitted.add(key) !== undefined };
    const release = await guardSocket(socket, { keys: this.#keys, ...(allow && { allow }) });
    this.#releases.get(door)?.();
    this.#releases.set(door, release);
  }

  /** To be called when the sockets are closed. Idempotent. */
  async close(): Promise<void> {
    for (const release of this.#releases.values()) release();
    await Promise.all([...this.#lists.values()].map((list) => list.close()));
  }
}

function keyless(door: Door): ConsolidatorError {
  return new ConsolidatorError(
    'insecure',
    `An allow-list for ${door} counts with CURVE alone: give --curve-secret-key too (spillway keygen makes one).`,
  );
}
