/** Reads and parses, off the page's thread. One stream at a time: a browser has six connections to a host. */
import type { EventSourceMessage } from 'eventsource-parser';
import { markEntry, noticeEntry, recordEntry, type Entry } from './entry.js';
import { follow, type Following } from './follow.js';
import type { Report, Request, State } from './messages.js';
import { Outbox } from './outbox.js';

interface WorkerScope {
  postMessage(report: Report): void;
  addEventListener(type: 'message', listener: (event: MessageEvent<Request>) => void): void;
}

const scope = globalThis as unknown as WorkerScope;

interface Reading {
  readonly outbox: Outbox;
  readonly following: Following;
  readonly stop: AbortController;
}

let reading: Reading | undefined;

scope.addEventListener('message', ({ data: request }) => {
  if (request.type === 'take') return reading?.outbox.take();
  if (request.type === 'hurry') return reading?.following.hurry();
  reading?.stop.abort();
  reading = request.type === 'open' ? open(request) : undefined;
});

function open({ opening, url, token }: Extract<Request, { type: 'open' }>): Reading {
  const stop = new AbortController();
  const post = (report: Report) => {
    if (!stop.signal.aborted) scope.postMessage(report);
  };
  const outbox = new Outbox((entries) => post({ type: 'entries', opening, entries }));
  let lost = false;
  const onState = (state: State) => {
    // Where the connection was away, the list says so in its place.
    const mark = markOf(state, lost);
    if (mark !== undefined) void outbox.put([markEntry(mark)]);
    if (state.kind === 'waiting') lost = true;
    if (state.kind === 'live') lost = false;
    post({ type: 'state', opening, state });
  };
  const onEvents = (events: readonly EventSourceMessage[]) =>
    outbox.put(events.flatMap((event) => entryOf(event) ?? []));
  return { outbox, stop, following: follow({ url, token, signal: stop.signal, onState, onEvents }) };
}

function markOf(state: State, lost: boolean): string | undefined {
  if (state.kind === 'waiting' && !lost) return `connection lost: ${state.why}`;
  return state.kind === 'live' && lost ? 'connected again' : undefined;
}

function entryOf({ event, id, data }: EventSourceMessage): Entry | undefined {
  if (event === undefined) return recordEntry(data, id);
  return event === 'dropped' ? noticeEntry(data) : undefined;
}
