import { isCurveKey } from './curve/keys.js';
import { canonicalEndpoint, isWildcardHost, nextPort, parseTcpEndpoint } from './endpoint.js';
import { ClusterError } from './errors.js';

/** The wire protocol that an entry's consolidator speaks, and that a relay of this release understands. */
export const PROTOCOL_VERSION = 1;

/** Longest entry, bytes. A full one has some 350. */
export const MAX_ENTRY_BYTES = 4_096;

/** What discovery knows of a consolidator. */
export interface ConsolidatorEntry {
  /** Id of its run where the source knows it; else its subscribe endpoint. Unique in a source. */
  readonly id: string;
  /** Where relays connect. */
  readonly subscribe: string;
  /** Where sidecars connect, where the source knows. */
  readonly publish?: string;
  /** Where to ask for the recent past: the port after `subscribe`'s, unless named. */
  readonly replay?: string;
  /** Its public CURVE key in Z85, 40 characters. */
  readonly curveKey?: string;
  /** Version of the wire protocol. */
  readonly version: number;
}

const ID = /^[\w.:/[\]-]{1,300}$/;

/**
 * Reads the words of one entry: a subscribe endpoint, then what else is to be said of it.
 *
 *     tcp://10.0.0.1:5556
 *     tcp://10.0.0.1:5556 replay=tcp://10.0.0.1:6000 key=rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7
 *
 * @throws {ClusterError} `entry`
 */
export function parseEntryText(text: string): ConsolidatorEntry {
  const [subscribe = '', ...words] = text.trim().split(/\s+/);
  const fields: Record<string, string> = {};
  for (const word of words) {
    const [, name = '', value = ''] = /^(replay|publish|key)=(.+)$/.exec(word) ?? [];
    if (name === '') {
      throw refuse(
        `${quote(word)} behind ${quote(subscribe)} says nothing: replay=<endpoint> or key=<Z85> may`,
      );
    }
    fields[name === 'key' ? 'curveKey' : name] = value;
  }
  return checkEntry({ ...fields, subscribe }, { local: true });
}

/**
 * Checks what is said to be an entry, field by field; fields that it does not know are left out, so that a later
 * release may add some.
 *
 * @param options `local` allows endpoints that lead nowhere outside of this machine by their very form (`ipc://`,
 *   `inproc://`): what an operator writes may have them, what a directory tells may not
 * @throws {ClusterError} `entry`
 */
export function checkEntry(value: unknown, { local = false } = {}): ConsolidatorEntry {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw refuse('it is no JSON object');
  const fields = value as Readonly<Record<string, unknown>>;
  const { version = PROTOCOL_VERSION } = fields;
  if (version !== PROTOCOL_VERSION) {
    const spoken = quote(version);
    throw refuse(
      `it speaks version ${spoken} of the wire protocol and this is ${PROTOCOL_VERSION}: upgrade the older`,
    );
  }
  const subscribe = endpointOf(fields, 'subscribe', local);
  if (subscribe === undefined) throw refuse('it names no subscribe endpoint');
  const id = textOf(fields, 'id') ?? subscribe;
  if (!ID.test(id)) throw refuse(`${quote(id)} cannot be an id`);
  const publish = endpointOf(fields, 'publish', local);
  const replay = endpointOf(fields, 'replay', local) ?? nextPort(subscribe);
  const curveKey = textOf(fields, 'curveKey');
  if (curveKey !== undefined && !isCurveKey(curveKey)) throw refuse('its key is not 40 characters of Z85');
  return {
    id,
    subscribe,
    ...(publish !== undefined && { publish }),
    ...(replay !== undefined && { replay }),
    ...(curveKey !== undefined && { curveKey }),
    version,
  };
}

function endpointOf(
  fields: Readonly<Record<string, unknown>>,
  name: string,
  local: boolean,
): string | undefined {
  const text = textOf(fields, name);
  if (text === undefined || (local && /^(?:ipc|inproc):\/\/\S+$/.test(text))) return text;
  const tcp = parseTcpEndpoint(text);
  if (tcp !== undefined && !isWildcardHost(tcp.host)) return canonicalEndpoint(text);
  throw refuse(`${quote(text)} is nothing to connect to: give ZeroMQ endpoints such as tcp://10.0.0.1:5556`);
}

function textOf(fields: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = fields[name];
  if (value === undefined || typeof value === 'string') return value;
  throw refuse(`its ${name} is ${quote(value)} and no text`);
}

function refuse(what: string): ClusterError {
  return new ClusterError('entry', what);
}

const MAX_QUOTED = 80;

/** Printable and short, whatever somebody wrote there. */
function quote(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > MAX_QUOTED ? `${text.slice(0, MAX_QUOTED)}…` : text;
}
