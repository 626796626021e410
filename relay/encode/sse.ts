import { latin1Of } from '../record-batch.js';
import type { Encoder } from './encoder.js';

/**
 * Server-Sent Events. A record is an unnamed event, so `es.onmessage` works; its id is the cursor after it. Notices
 * and states are named events, with an id where they say how far the stream has come.
 *
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
export const sse: Encoder = {
  format: 'sse',
  contentType: 'text/event-stream; charset=utf-8',
  keepalive: ':\n\n',
  record(batch, i, prefix) {
    const data = oneLine(batch.lines[i] as string);
    if (prefix === '') return `data: ${data}\n\n`;
    return `id: ${prefix}${(batch.offset + i + 1).toString(36)}\ndata: ${data}\n\n`;
  },
  notice(notice, cursor) {
    return this.event('dropped', notice, cursor);
  },
  event(name, data, cursor = '') {
    const id = cursor === '' ? '' : `id: ${cursor}\n`;
    return `event: ${name}\n${id}data: ${latin1Of(JSON.stringify(data))}\n\n`;
  },
  retry(ms) {
    return `retry: ${ms}\n\n`;
  },
};

/**
 * A CR ends a line of the stream, and what follows it would be read as a field of its own: a publisher could forge
 * events. Outside its strings JSON has it as white space only, and inside it may not stand, so a blank takes its place.
 */
function oneLine(line: string): string {
  return line.includes('\r') ? line.replaceAll('\r', ' ') : line;
}
