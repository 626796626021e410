import type { StdStream } from '../../wire/record.js';
import type { LineMark } from '../lines.js';
import type { Identity } from './identity.js';
import type { JsonFormat } from './json/shape.js';
import type { TextFormat } from './text/mappers.js';

/** The forms of line that are told apart; each is counted. */
export type Format = 'bunyan' | JsonFormat | TextFormat | 'plain';

/** What a mapper has read in a line. What is absent, the line did not say. */
export interface Draft {
  level?: number;
  msg: string;
  /** As bunyan writes it. */
  time?: string;
  name?: string;
  hostname?: string;
  pid?: number;
  /** Further members of the record as JSON text, each led by a comma; none may have the name of a core field. */
  rest: string;
}

/** Where a line came from. */
export interface Origin {
  readonly stream: StdStream;
  /** When it was captured, as bunyan writes it. */
  readonly time: string;
  /** The level of a line that says none. */
  readonly level: number;
  readonly mark: LineMark | undefined;
}

/** The record, as bunyan orders it, ended by `\n`. */
export function compose(draft: Draft, identity: Identity, origin: Origin): string {
  const { name, hostname, pid } = draft;
  const { stream } = origin;
  let text = `{"name":${name === undefined ? identity.nameText : JSON.stringify(name)}`;
  text += `,"hostname":${hostname === undefined ? identity.hostnameText : JSON.stringify(hostname)}`;
  text += `,"pid":${pid ?? identity.pidText},"level":${draft.level ?? origin.level}`;
  text += `,"msg":${JSON.stringify(draft.msg)},"time":"${draft.time ?? origin.time}","v":0`;
  text += identity.members[stream] + draft.rest;
  if (origin.mark !== undefined) text += markMembers(origin.mark);
  return `${text}}\n`;
}

export function markMembers(mark: LineMark): string {
  const truncated = mark.truncatedFrom === undefined ? '' : `,"truncated":${mark.truncatedFrom}`;
  return mark.invalid === true ? `${truncated},"invalidUtf8":true` : truncated;
}
