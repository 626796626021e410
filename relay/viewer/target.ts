import { formatStream, parseStream, type Stream } from '../../wire/topic.js';

/** What the page shows, as it stands behind the `#` of its address. */
export interface Place {
  /** The stream as people write it: `tenant/acme/web-1`, without the `/` at its end. */
  readonly stream: string;
  /** A record that was linked to: its key, and its time. */
  readonly at?: { readonly key: string; readonly time: string };
}

/** Reads `acme/web-1`, `tenant/acme/web-1` or `system/scheduler`; undefined for what names no stream. */
export function streamOf(word: string): Stream | undefined {
  const path = word.trim().replace(/^\/+|\/+$/g, '');
  if (path === '') return undefined;
  return parseStream(`${path}/`) ?? parseStream(`tenant/${path}/`);
}

/** The name that people read, without `tenant/` or the `/` at the end. */
export function nameOf(stream: Stream): string {
  return formatStream(stream).slice(0, -1);
}

/** Its address at the relay, relative to the page: a proxy may serve both under a path of its own. */
export function pathOf(stream: Stream): string {
  return `v1/logs/${nameOf(stream)}`;
}

/** Whether it has the records of several containers or components. */
export function isWhole(stream: Stream): boolean {
  return stream.class === 'tenant' ? stream.container === undefined : stream.component === undefined;
}

export function parsePlace(hash: string): Place | undefined {
  const [path = '', query = ''] = hash.replace(/^#/, '').split('?', 2);
  const stream = streamOf(decode(path));
  if (stream === undefined) return undefined;
  const parameters = new URLSearchParams(query);
  const key = parameters.get('at');
  const time = parameters.get('time');
  return { stream: nameOf(stream), ...(key && time && { at: { key, time } }) };
}

export function formatPlace({ stream, at }: Place): string {
  return `#${stream}${at ? `?${new URLSearchParams({ at: at.key, time: at.time }).toString()}` : ''}`;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
