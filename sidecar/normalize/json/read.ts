import type { LineMark } from '../../lines.js';
import type { Draft, Origin } from '../draft.js';
import type { Identity } from '../identity.js';
import { isLevel, levelOfWord, type ReadLevel } from '../levels.js';
import { CORE_FIELDS } from '../options.js';
import { timeOfNumber, timeOfText, type ReadTime } from '../times.js';
import { readErr } from './err.js';
import { Members } from './members.js';
import { isObject, lookup, type JsonObject } from './object.js';
import type { Shape } from './shape.js';

const CORE: ReadonlySet<string> = new Set(CORE_FIELDS);

/**
 * Reads a JSON object into a record. A member is left out only when a core field says exactly the same; otherwise it
 * stays, as it was written: under its own name, or under `orig` when that name is taken.
 */
export function readJson(
  line: JsonObject,
  text: string,
  shape: Shape,
  identity: Identity,
  origin: Origin,
): Draft {
  const members = new Members(text);
  const draft: Draft = { msg: '', rest: '' };
  const spent: string[] = [];

  for (const key of shape.level) {
    const read = readLevel(lookup(line, key));
    if (read === undefined) continue;
    draft.level = read.level;
    if (read.exact) spent.push(key);
    break;
  }
  for (const key of shape.time) {
    const read = readTime(line[key]);
    if (read === undefined) continue;
    draft.time = read.iso;
    if (read.exact) spent.push(key);
    break;
  }
  const name = readText(line, 'name', shape.name, spent);
  const hostname = readText(line, 'hostname', shape.hostname, spent);
  const pid = readPid(line, shape.pid, spent);
  if (name !== undefined) draft.name = name;
  if (hostname !== undefined) draft.hostname = hostname;
  if (pid !== undefined) draft.pid = pid;
  if (line.v === 0) spent.push('v');

  const err = readErr(line, members);
  if (err !== undefined) spent.push(...err.spent);
  draft.msg = readMessage(line, shape, members, spent) ?? err?.message ?? '';

  const taken = new Taken(identity.claims[origin.stream], err !== undefined, origin.mark);
  draft.rest = restOf(members, spent, taken);
  if (line.component === undefined) draft.rest += identity.componentMember(name ?? identity.name);
  if (err !== undefined) draft.rest += `,"err":${err.text}`;
  return draft;
}

function readLevel(value: unknown): ReadLevel | undefined {
  if (typeof value === 'string') return levelOfWord(value);
  return isLevel(value) ? { level: value, exact: true } : undefined;
}

function readTime(value: unknown): ReadTime | undefined {
  if (typeof value === 'string') return timeOfText(value);
  if (typeof value === 'number') return timeOfNumber(value);
  if (!isObject(value)) return undefined;
  // log4j2's instant.
  const { epochSecond, nanoOfSecond = 0 } = value;
  if (typeof epochSecond !== 'number' || typeof nanoOfSecond !== 'number') return undefined;
  const read = timeOfNumber(epochSecond * 1000 + Math.floor(nanoOfSecond / 1e6));
  return read && { iso: read.iso, exact: read.exact && nanoOfSecond % 1e6 === 0 };
}

function readText(
  line: JsonObject,
  core: string,
  keys: readonly string[] | undefined,
  spent: string[],
): string | undefined {
  if (typeof line[core] === 'string') {
    spent.push(core);
    return line[core];
  }
  for (const key of keys ?? []) {
    const value = lookup(line, key);
    if (typeof value !== 'string') continue;
    spent.push(key);
    return value;
  }
  return undefined;
}

function readPid(line: JsonObject, keys: readonly string[] | undefined, spent: string[]): number | undefined {
  for (const key of keys === undefined ? ['pid'] : ['pid', ...keys]) {
    const value = lookup(line, key);
    if (!Number.isSafeInteger(value)) continue;
    spent.push(key);
    return value as number;
  }
  return undefined;
}

/** The message: a string as it is, anything else as its JSON text, and then it also stays where it was. */
function readMessage(line: JsonObject, shape: Shape, members: Members, spent: string[]): string | undefined {
  for (const key of shape.msg) {
    const value = line[key];
    if (value === undefined || value === null) continue;
    if (typeof value !== 'string') return members.value(members.keys.lastIndexOf(key));
    spent.push(key);
    return value;
  }
  return undefined;
}

/** The names that a line's own members cannot have in the record. */
class Taken {
  readonly #claims: ReadonlyMap<string, unknown>;
  readonly #err: boolean;
  readonly #mark: LineMark | undefined;

  constructor(claims: ReadonlyMap<string, unknown>, err: boolean, mark: LineMark | undefined) {
    this.#claims = claims;
    this.#err = err;
    this.#mark = mark;
  }

  has(key: string): boolean {
    return (
      CORE.has(key) ||
      this.#claims.has(key) ||
      (this.#err && key === 'err') ||
      (this.#mark !== undefined && (key === 'truncated' || key === 'invalidUtf8'))
    );
  }

  /** The sidecar says the same; `value` as it was written. */
  agrees(key: string, value: string): boolean {
    return this.#claims.has(key) && JSON.stringify(this.#claims.get(key)) === value;
  }
}

/** The members that no core field says, with those under `orig` whose names are taken. */
function restOf(members: Members, spent: string[], taken: Taken): string {
  const { keys } = members;
  let rest = '';
  /** Of a name that is repeated the last value first. */
  let orig: Map<string, string[]> | undefined;
  let own = -1;
  // From the last to the first: of a key that is repeated the last is the one that was read, as by every JSON reader.
  for (let i = keys.length - 1; i >= 0; i -= 1) {
    const key = keys[i] as string;
    const at = spent.indexOf(key);
    if (at !== -1) spent.splice(at, 1);
    else if (key === 'orig' && own === -1) own = i;
    else if (!taken.has(key)) rest = `,${members.member(i)}${rest}`;
    else if (!taken.agrees(key, members.value(i))) {
      orig ??= new Map();
      const values = orig.get(key);
      if (values === undefined) orig.set(key, [members.value(i)]);
      else values.push(members.value(i));
    }
  }
  if (orig === undefined) return own === -1 ? rest : `${rest},${members.member(own)}`;
  if (own !== -1) orig.set('orig', [members.value(own)]);
  return `${rest},"orig":{${[...orig].map(([key, values]) => `${JSON.stringify(key)}:${oneOrAll(values)}`).join(',')}}`;
}

function oneOrAll(values: readonly string[]): string {
  return values.length === 1 ? (values[0] as string) : `[${values.toReversed().join(',')}]`;
}
