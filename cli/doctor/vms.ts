import { EventEmitter, once } from 'node:events';
import {
  formatTcpEndpoint,
  parseTcpEndpoint,
  splitSources,
  watchConsolidators,
  type ConsolidatorEntry,
} from '../../cluster/index.js';
import { generateKeyPair, readKeyPair, readPublicKey, type CurveClient } from '../../cluster/curve/index.js';

/** A VM's two ends. */
export interface Vm {
  readonly subscribe: string;
  readonly publish: string;
  /** How to speak to it; in clear without. */
  readonly curve: CurveClient | undefined;
}

export interface FoundVms {
  readonly vms: readonly Vm[];
  readonly problems: readonly { readonly source: string; readonly problem: string }[];
}

export interface VmSources {
  readonly from: readonly string[];
  readonly discover: readonly string[];
  /** File of the secret key to speak CURVE with; without it one is made up, which a consolidator with a list lets not in. */
  readonly curveSecretKey: string | undefined;
  /** Public key, or file of it, of the consolidators whose entry names none. */
  readonly curveServerKey: string | undefined;
}

/**
 * The VMs that relays with the same options would read, as they are known when every source has answered or `timeout`
 * (ms) has passed.
 *
 * @throws {ClusterError} for an address or a key that cannot be used
 */
export async function findVms(
  { from, discover, curveSecretKey, curveServerKey }: VmSources,
  timeout: number,
): Promise<FoundVms> {
  const sources = [...(from.length > 0 ? [`static:${from.join(',')}`] : []), ...splitSources(discover)];
  const keys = curveSecretKey === undefined ? generateKeyPair() : readKeyPair(curveSecretKey);
  const common = curveServerKey === undefined ? undefined : readPublicKey(curveServerKey);
  const curveOf = ({ curveKey: serverKey = common }: ConsolidatorEntry) => serverKey && { keys, serverKey };
  const problems = new Map<string, string>();
  let entries: readonly ConsolidatorEntry[] = [];
  const news = new EventEmitter();
  const discovery = watchConsolidators(sources, {
    onChange: (known) => {
      entries = known;
      news.emit('change');
    },
    onProblem: ({ source, error }) => {
      problems.set(source, error.message);
      news.emit('change');
    },
    onRecovered: (source) => problems.delete(source),
  });
  const deadline = performance.now() + timeout;
  // Sources answer one after the other: it is over when nothing new has come for a while.
  for (let settled = false; !settled;) {
    const wait = Math.min(
      entries.length + problems.size > 0 ? SETTLE_MS : timeout,
      deadline - performance.now(),
    );
    const patience = new AbortController();
    const timer = setTimeout(() => patience.abort(), Math.max(0, wait));
    settled = await once(news, 'change', { signal: patience.signal }).then(
      () => false,
      () => true,
    );
    clearTimeout(timer);
  }
  await discovery.close();
  const told = Array.from(problems, ([source, problem]) => ({ source, problem }));
  return { vms: entries.map((entry) => vmOf(entry, curveOf(entry) || undefined)), problems: told };
}

const SETTLE_MS = 300;

/** Where an entry does not say where sidecars connect, it is the port before the relays': 5555 and 5556. */
function vmOf({ subscribe, publish }: ConsolidatorEntry, curve: CurveClient | undefined): Vm {
  return {
    subscribe,
    publish: publish ?? portBefore(subscribe),
    curve,
  };
}

function portBefore(endpoint: string): string {
  const tcp = parseTcpEndpoint(endpoint);
  return tcp === undefined ? endpoint : formatTcpEndpoint({ host: tcp.host, port: tcp.port - 1 });
}
