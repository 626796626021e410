import { parseObject, type Entry } from './entry.js';
import { bucketOf } from './levels.js';

/** What is shown as NDJSON; a notice is a record of level 40 named `spillway`, as in the relay's own NDJSON. */
export function toNdjson(entries: Iterable<Entry>): string {
  let text = '';
  for (const entry of entries) text += `${entry.kind === 'record' ? entry.data : own(entry)}\n`;
  return text;
}

function own(entry: Exclude<Entry, { kind: 'record' }>): string {
  return JSON.stringify({
    name: 'spillway',
    hostname: location.hostname,
    pid: 0,
    level: entry.kind === 'notice' ? 40 : 30,
    msg: entry.text,
    time: entry.time,
    v: 0,
    ...(entry.kind === 'notice' && { dropped: entry.notice }),
  });
}

/** What is shown as lines for people, messages in full. */
export function toText(entries: Iterable<Entry>): string {
  let text = '';
  for (const entry of entries) {
    if (entry.kind !== 'record') {
      text += `${entry.time}  WARN spillway: ${entry.text}\n`;
      continue;
    }
    const { msg } = parseObject(entry.data);
    const message = typeof msg === 'string' && !entry.ansi ? msg : entry.text.slice(0, entry.body);
    const level = bucketOf(entry.level).toUpperCase().padStart(5);
    const whole = message.trimEnd().replaceAll('\n', '\n    ') + entry.text.slice(entry.body);
    text += `${entry.time} ${level} ${entry.from}: ${whole}\n`;
  }
  return text;
}

export function save(text: string, name: string, type: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The browser has taken hold of it by then; without this it stays in memory as long as the page.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
