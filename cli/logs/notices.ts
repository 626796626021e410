import { describeNotice, type DropNotice } from '../../relay/notice.js';
import { visible } from '../../wire/visible.js';

/** `12 records dropped in the relay: this reader was too slow for its buffer`: the data of a `dropped` event. */
export function describeDrop(data: string): string {
  const { count, reason, hop, of, sources } = fieldsOf(data);
  const notice = {
    count: typeof count === 'number' ? count : null,
    reason: textOf(reason, 'an unknown reason'),
    hop: textOf(hop, 'an unknown hop'),
    ...(of === 'stream' && { of }),
    ...(typeof sources === 'number' && { sources }),
  };
  return visible(describeNotice(notice as DropNotice));
}

/** The data of a `status` event as a sentence. */
export function describeStatus(data: string): string {
  const { stream, consolidators } = fieldsOf(data);
  const name = textOf(stream, 'the stream');
  if (typeof consolidators !== 'number') return visible(`reading ${name}`);
  if (consolidators === 0) {
    return visible(`reading ${name}; waiting, for the relay is connected to no consolidator yet`);
  }
  return visible(`reading ${name} from ${consolidators} consolidator${consolidators === 1 ? '' : 's'}`);
}

/** The data of a `bye` event as a sentence. */
export function describeBye(data: string): string {
  const { reason } = fieldsOf(data);
  if (reason === 'overflow') return 'the relay ended the stream: this reader was too slow for its buffer';
  if (reason === 'shutdown') return 'the relay is shutting down';
  return visible(`the relay ended the stream${typeof reason === 'string' ? `: ${reason}` : ''}`);
}

/** How often the relay says something, ms, as a `status` event tells; undefined where it does not. */
export function keepaliveOf(data: string): number | undefined {
  const { keepalive } = fieldsOf(data);
  return typeof keepalive === 'number' && keepalive > 0 ? keepalive : undefined;
}

/** How many consolidators the relay reads, as a `status` event tells; undefined where it does not. */
export function consolidatorsOf(data: string): number | undefined {
  const { consolidators } = fieldsOf(data);
  return typeof consolidators === 'number' ? consolidators : undefined;
}

function textOf(value: unknown, otherwise: string): string {
  return typeof value === 'string' ? value : otherwise;
}

function fieldsOf(data: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(data);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
