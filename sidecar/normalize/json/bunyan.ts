import type { StdStream } from '../../../wire/record.js';
import { markMembers, type Origin } from '../draft.js';
import type { Identity } from '../identity.js';
import { isLevel } from '../levels.js';
import { isBunyanTime } from '../times.js';
import { Members } from './members.js';
import type { JsonObject } from './object.js';

/** Whether the line is a whole bunyan record: the seven core fields, each of its type. */
export function isBunyan(line: JsonObject): boolean {
  return (
    line.v === 0 &&
    isLevel(line.level) &&
    typeof line.msg === 'string' &&
    typeof line.name === 'string' &&
    typeof line.hostname === 'string' &&
    Number.isSafeInteger(line.pid) &&
    typeof line.time === 'string' &&
    isBunyanTime(line.time)
  );
}

/**
 * The record byte for byte, with what it lacks added before its closing brace. Undefined when it says of itself what
 * only the sidecar may say, and says it otherwise or twice: then it has to be taken apart.
 */
export function passBunyan(
  line: JsonObject,
  text: string,
  identity: Identity,
  origin: Origin,
): string | undefined {
  const { component } = identity;
  const { stream, mark } = origin;
  let added = identity.members[stream];
  for (const key of identity.claims[stream].keys()) {
    if (line[key] === undefined) continue;
    const missing = missingMembers(text, identity, stream, line);
    if (missing === undefined) return undefined;
    added = missing;
    break;
  }
  if (component !== undefined && line.component === undefined)
    added += identity.componentMember(line.name as string);
  if (mark !== undefined) {
    if (line.invalidUtf8 !== undefined || line.truncated !== undefined) return undefined;
    added += markMembers(mark);
  }
  return `${text.slice(0, text.lastIndexOf('}'))}${added}}\n`;
}

/** What the line does not say yet; undefined when it contradicts or repeats itself. */
function missingMembers(
  text: string,
  identity: Identity,
  stream: StdStream,
  line: JsonObject,
): string | undefined {
  const { keys } = new Members(text);
  let missing = '';
  for (const [key, value] of identity.claims[stream]) {
    const first = keys.indexOf(key);
    if (first === -1) {
      if (value !== undefined) missing += `,${JSON.stringify(key)}:${JSON.stringify(value)}`;
    } else if (line[key] !== value || first !== keys.lastIndexOf(key)) return undefined;
  }
  return missing;
}
