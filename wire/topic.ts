/**
 * Topics and streams. A topic is frame 0 of a message and names exactly one container or component; a stream is
 * what a reader may ask for and covers one topic or all topics of a tenant or of the system.
 *
 * Both end in `/`. ZeroMQ matches byte prefixes, so without it a reader of `tenant/acme` would receive
 * `tenant/acme2` too.
 */
export type Topic = TenantTopic | SystemTopic;

export interface TenantTopic {
  readonly class: 'tenant';
  readonly tenant: string;
  readonly container: string;
}

export interface SystemTopic {
  readonly class: 'system';
  readonly component: string;
}

/** What can be subscribed to; `container` and `component` are absent in the wider kind. */
export type Stream =
  | { readonly class: 'tenant'; readonly tenant: string; readonly container?: string }
  | { readonly class: 'system'; readonly component?: string };

/** The longest topic frame in bytes: `tenant/` and two segments of 128 with their slashes. */
export const MAX_TOPIC_BYTES = 'tenant/'.length + 2 * 129;

const SEGMENT = /^[A-Za-z0-9._-]{1,128}$/;

/** Whether `text` may stand as one segment of a topic; `.` and `..` may not, so that no path can climb. */
export function isSegment(text: string): boolean {
  return SEGMENT.test(text) && text !== '.' && text !== '..';
}

/** The bytes of a topic as they go on the wire. */
export function formatTopic(topic: Topic): string {
  return topic.class === 'tenant'
    ? `tenant/${topic.tenant}/${topic.container}/`
    : `system/${topic.component}/`;
}

/** Parses frame 0; undefined for anything outside the grammar. */
export function parseTopic(text: string): Topic | undefined {
  const stream = parseStream(text);
  if (stream === undefined) return undefined;
  if (stream.class === 'tenant') {
    return stream.container === undefined ? undefined : (stream as TenantTopic);
  }
  return stream.component === undefined ? undefined : (stream as SystemTopic);
}

/** The subscription prefix of a stream. */
export function formatStream(stream: Stream): string {
  if (stream.class === 'tenant') {
    return stream.container === undefined
      ? `tenant/${stream.tenant}/`
      : `tenant/${stream.tenant}/${stream.container}/`;
  }
  return stream.component === undefined ? 'system/' : `system/${stream.component}/`;
}

/** Parses a stream's name, which is a topic or a prefix of one by whole segments. */
export function parseStream(text: string): Stream | undefined {
  if (text.length > MAX_TOPIC_BYTES || !text.endsWith('/')) return undefined;
  const [head, a, b, ...rest] = text.slice(0, -1).split('/');
  if (rest.length > 0) return undefined;
  if (head === 'system' && b === undefined) {
    if (a === undefined) return { class: 'system' };
    return isSegment(a) ? { class: 'system', component: a } : undefined;
  }
  if (head === 'tenant' && a !== undefined && isSegment(a)) {
    if (b === undefined) return { class: 'tenant', tenant: a };
    return isSegment(b) ? { class: 'tenant', tenant: a, container: b } : undefined;
  }
  return undefined;
}

/** The two streams that a topic belongs to, narrow one first. */
export function streamsOf(topic: Topic): readonly [string, string] {
  return topic.class === 'tenant'
    ? [formatTopic(topic), `tenant/${topic.tenant}/`]
    : [formatTopic(topic), 'system/'];
}

/** The wider of the two streams that a topic's name belongs to. Hot: it does not parse. */
export function wideStreamOf(topic: string): string {
  return topic.slice(0, topic.lastIndexOf('/', topic.length - 2) + 1);
}

/** The last segment: what a reader calls the container. */
export function leafOf(topic: Topic): string {
  return topic.class === 'tenant' ? topic.container : topic.component;
}
