import type { AllowListHooks, RefusedHandshake } from '../cluster/curve/index.js';
import {
  ClusterError,
  watchConsolidators,
  type ConsolidatorEntry,
  type Discovery,
  type DiscoveryProblem,
  type WatchConsolidators,
} from '../cluster/index.js';
import { observeDiscovery, observeHandshakes, observePassedOver } from '../telemetry/index.js';
import { RelayError } from './errors.js';
import { ReplayClient } from './replay-client.js';
import type { Trust } from './trust.js';
import { connectUpstream, type Target, type Upstream, type UpstreamOptions } from './upstream.js';

/** Told of what discovery finds. */
export interface DiscoveryHooks extends AllowListHooks {
  /** The consolidators known from now on. */
  readonly onConsolidators?: (entries: readonly ConsolidatorEntry[]) => void;
  readonly onDiscoveryProblem?: (problem: DiscoveryProblem) => void;
  /** This source answers again. */
  readonly onDiscoveryRecovered?: (source: string) => void;
  /** A handshake with a consolidator came to nothing: the first of a kind, and again if it goes on. */
  readonly onRefused?: (refused: RefusedHandshake) => void;
  /** Replaces the sources themselves. */
  readonly watch?: WatchConsolidators;
}

export interface DiscoveredOptions extends UpstreamOptions {
  /** Addresses as {@link watchConsolidators} takes them. */
  readonly sources: readonly string[];
  /** To whom it listens, of those that are found; closed with the upstream. */
  readonly trust: Trust;
}

/**
 * An upstream that is connected to the consolidators that discovery knows of.
 *
 * @throws {RelayError} `endpoint` where the address of a source cannot be read
 */
export function connectDiscovered(
  { sources, trust, ...options }: DiscoveredOptions,
  {
    watch = watchConsolidators,
    onConsolidators,
    onDiscoveryProblem,
    onDiscoveryRecovered,
    onRefused,
  }: DiscoveryHooks,
): Upstream {
  let replayOf = new Map<string, string>();
  const onCut = (endpoint: string) => {
    const node = archive.nodeAt(replayOf.get(endpoint) ?? '');
    if (node !== undefined) options.onCut?.(node);
  };
  const upstream = connectUpstream({ ...options, onCut, ...(onRefused && { onRefused }) });
  const archive = new ReplayClient({ ...options, ...(onRefused && { onRefused }) });
  let entries: readonly ConsolidatorEntry[] = [];
  const leaveOut = (source: string, message: string) =>
    onDiscoveryProblem?.({ source, error: new ClusterError('entry', message) });
  const follow = () => {
    const targets = new Map<string, Target>();
    const replays: Target[] = [];
    const known = new Map<string, string>();
    for (const entry of entries) {
      // What stood there before, and had another key.
      if (targets.has(entry.subscribe)) continue;
      const verdict = trust.judge(entry);
      if ('problem' in verdict) {
        leaveOut(entry.subscribe, verdict.problem);
        continue;
      }
      targets.set(entry.subscribe, { endpoint: entry.subscribe, ...verdict });
      if (entry.replay !== undefined) {
        replays.push({ endpoint: entry.replay, ...verdict });
        known.set(entry.subscribe, entry.replay);
      }
    }
    for (const endpoint of upstream.follow([...targets.values()]))
      leaveOut(endpoint, 'ZeroMQ cannot connect to it.');
    // Those that go were told of above.
    replayOf = known;
    archive.follow(replays);
  };
  const discovery = start([upstream, archive, trust], () =>
    watch(sources, {
      onChange(known) {
        entries = known;
        follow();
        onConsolidators?.(entries);
      },
      onProblem: (problem) => onDiscoveryProblem?.(problem),
      onRecovered: (source) => onDiscoveryRecovered?.(source),
    }),
  );
  trust.onChange = follow;
  const stops = [observeDiscovery(discovery), observeHandshakes('relay', upstream.refused)];
  stops.push(
    observeHandshakes('relay', archive.refused),
    observePassedOver(() => upstream.passedOver),
  );
  return {
    get connected() {
      return upstream.connected;
    },
    archive,
    subscribe: (prefix) => upstream.subscribe(prefix),
    unsubscribe: (prefix) => upstream.unsubscribe(prefix),
    async close() {
      await discovery.close();
      for (const stop of stops) stop();
      await Promise.all([upstream.close(), archive.close()]);
      await trust.close();
    },
  };
}

function start(sockets: readonly { close(): Promise<void> }[], watch: () => Discovery): Discovery {
  try {
    return watch();
  } catch (cause) {
    for (const socket of sockets) void socket.close();
    throw new RelayError('endpoint', (cause as Error).message, { cause });
  }
}
