import { levelOfPriority } from '../levels.js';
import type { Pairs } from './pairs.js';

const PRIORITY = /^<(\d{1,3})>/;
/** Facility 23, severity 7. */
const MAX_PRIORITY = 191;
const RFC5424 =
  /^1 (\S{1,64}) (\S{1,255}) (\S{1,48}) (\S{1,128}) (\S{1,32}) (-|(?:\[(?:[^\]"\\]|"(?:[^"\\]|\\[^])*")*\])+)(?: \ufeff?([^]*))?$/;
const RFC3164 =
  /^([A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d) (\S{1,255}) ([^\s:[\]]{1,128})(?:\[(\d{1,10})\])?: ?([^]*)$/;

/**
 * `<N>` as sd-daemon(3) has it, and whole syslog lines: RFC 5424, and RFC 3164, whose time lacks year and zone and so
 * stays under `orig`. `priority` keeps N, whose facility a level does not say.
 */
export function readSyslog(line: string): Pairs | undefined {
  const prefix = PRIORITY.exec(line);
  if (prefix === null || Number(prefix[1]) > MAX_PRIORITY) return undefined;
  const priority = Number(prefix[1]);
  const text = line.slice(prefix[0].length);
  const head: Pairs = [
    ['level', levelOfPriority(priority)],
    ['priority', priority],
  ];
  return [...head, ...(rfc5424(text) ?? rfc3164(text) ?? [['msg', text]])];
}

function rfc5424(text: string): Pairs | undefined {
  const match = RFC5424.exec(text);
  if (match === null) return undefined;
  const [time, hostname, name, procid, msgid, structured] = match.slice(1, 7).map((part) => {
    return part === '-' ? undefined : part;
  });
  const pid = procid !== undefined && /^\d{1,10}$/.test(procid) ? Number(procid) : procid;
  return [
    ['msg', match[7] ?? ''],
    ['time', time],
    ['hostname', hostname],
    ['name', name],
    ['pid', pid],
    ['msgid', msgid],
    ['structuredData', structured],
  ];
}

function rfc3164(text: string): Pairs | undefined {
  const match = RFC3164.exec(text);
  if (match === null) return undefined;
  const [, time, hostname, name, pid, msg] = match;
  return [
    ['msg', msg],
    ['time', time],
    ['hostname', hostname],
    ['name', name],
    ['pid', pid === undefined ? undefined : Number(pid)],
  ];
}
