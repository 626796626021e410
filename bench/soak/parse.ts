import { readLine } from './words.js';

/** What a stream holds. */
export interface StreamEvents {
  line(run: number, number: number): void;
  notice(notice: Notice): void;
  /** The relay says that it ends this stream. */
  bye(): void;
}

/** A drop notice as it crosses the wire; the part of it that is an account. */
export interface Notice {
  /** Null where nobody can know. */
  readonly count: number | null;
  readonly hop: string;
  readonly reason: string;
  readonly total: number | null;
  readonly sources?: number;
}

export type StreamFormat = 'sse' | 'ndjson';

/** Reads a stream's text, cut wherever it was cut, and tells what stands in it. It is text of one byte a character. */
export function createParser(format: StreamFormat, events: StreamEvents): (text: string) => void {
  const take = format === 'sse' ? sseLines(events) : ndjsonLines(events);
  let rest = '';
  return (text) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() as string;
    for (const line of lines) take(line);
  };
}

const NOTICE = '{"name":"spillway"';

function ndjsonLines(events: StreamEvents) {
  return (line: string) => {
    if (line.startsWith(NOTICE)) events.notice((JSON.parse(line) as { dropped: Notice }).dropped);
    else takeRecord(line, events);
  };
}

function sseLines(events: StreamEvents) {
  let name = '';
  return (line: string) => {
    if (line.startsWith('data: ')) {
      const data = line.slice('data: '.length);
      if (name === '') takeRecord(data, events);
      else if (name === 'dropped') events.notice(JSON.parse(data) as Notice);
      else if (name === 'bye') events.bye();
    } else if (line.startsWith('event: ')) {
      name = line.slice('event: '.length);
    } else if (line === '') {
      name = '';
    }
  };
}

function takeRecord(record: string, events: StreamEvents): void {
  const found = readLine(record);
  if (found === undefined) throw new Error(`a record that no program here printed: ${record.slice(0, 200)}`);
  events.line(found.run, found.number);
}
