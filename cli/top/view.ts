import { fit } from '../width.js';
import type { ConsumerRow, Model, PartRow, StreamRow } from './model.js';
import type { LossRow } from './losses.js';
import { hostOf, pressureOf } from './pressure.js';
import { tableLines, type Column } from './table.js';
import { percent, rate, short, time } from './units.js';

export const SORTS = ['lag', 'rate', 'drops', 'stream'] as const;

export type Sort = (typeof SORTS)[number];

export interface ViewState {
  readonly columns: number;
  /** Lines that there are; undefined for as many as it takes. */
  readonly rows: number | undefined;
  readonly sort: Sort;
  /** Consumers that have been scrolled away. */
  readonly offset: number;
  /** When this is, as it is shown. */
  readonly clock: string;
  readonly color: boolean;
  /** What the keys do, in the last line. */
  readonly keys: boolean;
}

const BOLD = ['\u001b[1m', '\u001b[22m'] as const;
const INVERSE = ['\u001b[7m', '\u001b[27m'] as const;

const KEYS = 'q quit  ↑↓ scroll  l lag  r rate  d drops  s stream';

/** The whole picture, no line wider and, where rows are given, no more lines than there is room. */
export function viewLines(model: Model, state: ViewState): string[] {
  const { columns, rows, clock, color, keys } = state;
  const paint = (text: string, [on, off]: readonly [string, string]) => (color ? on + text + off : text);
  const consolidators = model.parts.filter(({ kind }) => kind === 'consolidator');
  const relays = model.parts.filter(({ kind }) => kind === 'relay');
  const pressure = pressureOf(model);
  const title = `spillway top  ${clock}  consolidators ${consolidators.length}  relays ${relays.length}  streams ${model.streams.length}  consumers ${model.totalConsumers}`;
  const head = [
    paint(fit(title, columns).trimEnd(), BOLD),
    ...(pressure.length === 0
      ? ['pressure: none']
      : pressure.slice(0, 3).map((text) => `pressure: ${text}`)
    ).map((text) => fit(text, columns).trimEnd()),
    '',
  ];
  const foot = keys ? [paint(fit(KEYS, columns), INVERSE)] : [];
  const room = rows === undefined ? Infinity : rows - head.length - foot.length;
  const section = <T>(table: readonly Column<T>[], all: readonly T[], most: number) =>
    all.length === 0
      ? []
      : [...tableLines(table, all, { columns, most, paint: (text) => paint(text, BOLD) }), ''];
  const consumers = sortConsumers(model.consumers, state.sort).slice(state.offset);
  const tables = [consolidators, relays, model.losses, model.streams, consumers].filter(
    ({ length }) => length > 0,
  );
  // With a heading each, and a blank line between them.
  const isRoomy = tables.reduce((sum, { length }) => sum + length + 2, -1) <= room;
  // Where not all fit, each gets its share of the lines that are left; the consumers, of whom there are most, get what is
  // left at last.
  const body: string[] = [];
  const left = (share: number) =>
    isRoomy ? Infinity : Math.max(1, Math.floor((room - body.length) * share) - 2);
  body.push(...section(CONSOLIDATORS, consolidators, left(0.25)));
  body.push(...section(RELAYS, relays, left(0.3)));
  body.push(...section(LOSSES, model.losses, left(0.35)));
  body.push(...section(STREAMS, sortStreams(model.streams, state.sort), left(0.4)));
  body.push(...section(CONSUMERS, consumers, Math.max(1, room - body.length - 1)));
  if (body.at(-1) === '') body.pop();
  if (rows === undefined) return [...head, ...body, ...foot];
  const shown = [...head, ...body].slice(0, rows - foot.length);
  while (shown.length < rows - foot.length) shown.push('');
  return [...shown, ...foot];
}

const CONSOLIDATORS: readonly Column<PartRow>[] = [
  {
    title: 'CONSOLIDATOR',
    text: ({ url }) => hostOf(url),
    instead: ({ problem, in: rate }) => (rate === undefined ? problem : undefined),
  },
  { title: 'in/s', width: 8, text: (row) => rate(row.in) },
  { title: 'bytes/s', width: 8, text: ({ bytes }) => short(bytes) },
  { title: 'sources', width: 8, text: ({ sources }) => short(sources) },
  { title: 'past', width: 5, text: ({ past }) => short(past, 1024) },
  { title: 'replay/s', width: 9, text: ({ replayed }) => rate(replayed) },
  { title: 'dropped', width: 8, text: ({ dropped }) => short(dropped) },
  { title: 'drop/s', width: 7, text: ({ droppedRate }) => rate(droppedRate) },
  { title: 'busy', width: 5, text: ({ busy }) => percent(busy) },
  { title: 'mem', width: 6, text: ({ memory }) => short(memory, 1024) },
];

const RELAYS: readonly Column<PartRow>[] = [
  {
    title: 'RELAY',
    text: ({ url }) => hostOf(url),
    instead: ({ problem, in: rate }) => (rate === undefined ? problem : undefined),
  },
  { title: 'vms', width: 6, text: ({ connected, known }) => vmsOf(connected, known) },
  { title: 'readers', width: 8, text: ({ consumers }) => short(consumers) },
  { title: 'out/s', width: 6, text: ({ out }) => rate(out) },
  { title: 'lag', width: 6, text: ({ lag }) => time(lag) },
  { title: 'queued', width: 7, text: ({ queued }) => short(queued) },
  { title: 'dropped', width: 8, text: ({ dropped }) => short(dropped) },
  { title: 'drop/s', width: 7, text: ({ droppedRate }) => rate(droppedRate) },
  { title: 'busy', width: 5, text: ({ busy }) => percent(busy) },
  { title: 'mem', width: 6, text: ({ memory }) => short(memory, 1024) },
];

const LOSSES: readonly Column<LossRow>[] = [
  { title: 'DROPPED AT', text: ({ hop }) => hop },
  { title: 'reason', width: 20, text: ({ reason }) => reason },
  { title: 'records', width: 10, text: ({ total }) => short(total) },
  { title: 'per s', width: 8, text: (row) => rate(row.rate) },
];

const STREAMS: readonly Column<StreamRow>[] = [
  { title: 'STREAM', text: ({ stream }) => stream },
  { title: 'readers', width: 8, text: ({ consumers }) => short(consumers) },
  { title: 'out/s', width: 8, text: (row) => rate(row.rate) },
  { title: 'lag', width: 7, text: ({ lag }) => time(lag) },
  { title: 'queued', width: 8, text: ({ queued }) => short(queued) },
  { title: 'dropped', width: 8, text: ({ dropped }) => short(dropped) },
  { title: 'drop/s', width: 7, text: ({ droppedRate }) => rate(droppedRate) },
];

const CONSUMERS: readonly Column<ConsumerRow>[] = [
  { title: 'CONSUMER OF', text: ({ stream }) => stream },
  { title: 'from', width: 16, text: ({ remote }) => remote },
  { title: 'as', width: 7, text: ({ format }) => format },
  { title: 'out/s', width: 7, text: (row) => rate(row.rate) },
  { title: 'lag', width: 7, text: ({ lag }) => time(lag.ms) },
  { title: 'full', width: 5, text: ({ full }) => percent(full) },
  { title: 'dropped', width: 8, text: ({ dropped }) => short(dropped) },
];

function vmsOf(connected: number | undefined, known: number | undefined): string {
  if (connected === undefined) return '-';
  return known === undefined ? String(connected) : `${connected}/${known}`;
}

const byText = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

function sortStreams(streams: readonly StreamRow[], sort: Sort): StreamRow[] {
  const first: Readonly<Record<Sort, (a: StreamRow, b: StreamRow) => number>> = {
    lag: (a, b) => b.lag - a.lag,
    rate: (a, b) => (b.rate ?? 0) - (a.rate ?? 0),
    drops: (a, b) => b.dropped - a.dropped,
    stream: () => 0,
  };
  return streams.toSorted((a, b) => first[sort](a, b) || byText(a.stream, b.stream));
}

function sortConsumers(consumers: readonly ConsumerRow[], sort: Sort): ConsumerRow[] {
  const first: Readonly<Record<Sort, (a: ConsumerRow, b: ConsumerRow) => number>> = {
    lag: (a, b) => b.lag.ms - a.lag.ms || b.full - a.full,
    rate: (a, b) => (b.rate ?? 0) - (a.rate ?? 0),
    drops: (a, b) => b.dropped - a.dropped,
    stream: () => 0,
  };
  return consumers.toSorted((a, b) => first[sort](a, b) || byText(a.stream, b.stream) || byText(a.id, b.id));
}
