import { latin1Of, utf8Of } from '../record-batch.js';
import type { Encoder } from './encoder.js';
import { noticeRecord } from './ndjson.js';
import { formatRecord } from './text.js';

/** bunyan's short form, so that bare curl reads well. A line that is no record stands as it came. */
export const text: Encoder = {
  format: 'text',
  contentType: 'text/plain; charset=utf-8',
  keepalive: '',
  record(batch, i) {
    const record = batch.record(i);
    return latin1Of(
      record === undefined ? `${utf8Of(batch.lines[i] as string)}\n` : formatRecord(record, SHORT),
    );
  },
  notice: (notice) => latin1Of(formatRecord(noticeRecord(notice), SHORT)),
  event: () => '',
  retry: () => '',
};

const SHORT = { mode: 'short' } as const;
