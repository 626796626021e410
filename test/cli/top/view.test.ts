import * as fc from 'fast-check';
import stringWidth from 'string-width';
import t from 'tap';
import { modelOf } from '../../../cli/top/model.js';
import { SORTS, viewLines, type ViewState } from '../../../cli/top/view.js';
import { consumer, reading } from './readings.js';

const state: ViewState = {
  columns: 80,
  rows: undefined,
  sort: 'lag',
  offset: 0,
  clock: '12:00:00',
  color: false,
  keys: false,
};

const page = `spillway_records_in_total{hop="consolidator"} 5000
spillway_bytes_in_total{hop="consolidator"} 1234567
spillway_sources{hop="consolidator"} 120
spillway_records_dropped_total{hop="consolidator",reason="transit"} 12
spillway_recent_bytes{hop="consolidator"} 62914560
spillway_replay_records_total{hop="consolidator"} 900
nodejs_eventloop_utilization_ratio 0.31
process_memory_usage_bytes 88080384
`;

void t.test('It reads well in 80 columns.', (t) => {
  const consumers = [
    consumer('1', { lag: { records: 4, bytes: 0, ms: 3 }, delivered: 1000 }),
    consumer('2', { stream: 'tenant/acme/web-1/', lag: { records: 90, bytes: 0, ms: 2300 }, dropped: 12345 }),
  ];
  const gone = {
    ...reading('relay', 'http://10.0.0.9:8080', 2_000, ''),
    problem: 'connect ECONNREFUSED 10.0.0.9:8080',
  };
  const now = [
    reading('consolidator', 'http://10.0.0.1:9090', 2_000, page),
    reading('relay', 'http://10.0.0.8:8080', 2_000, 'up 1', consumers),
    gone,
  ];
  const before = [
    reading(
      'consolidator',
      'http://10.0.0.1:9090',
      1_000,
      page.replace('5000', '3800').replace('900', '300'),
    ),
  ];
  t.equal(
    viewLines(modelOf(now, before), state).join('\n'),
    `spillway top  12:00:00  consolidators 1  relays 2  streams 2  consumers 2
pressure: relay 10.0.0.9:8080: connect ECONNREFUSED 10.0.0.9:8080
pressure: 1 reader with a buffer at least 80% full
pressure: 1 reader behind, the furthest by 2.3s

CONSOLIDATOR        in/s bytes/s sources past replay/s dropped drop/s busy   mem
10.0.0.1:9090       1.2k       0     120  60M      600      12      0  31%   84M

RELAY                   vms readers out/s   lag queued dropped drop/s busy   mem
10.0.0.8:8080             -       -     -     -      -       -      -    -     -
10.0.0.9:8080  connect ECONNREFUSED 10.0.0.9:8080

DROPPED AT                                              reason   records   per s
consolidator                                           transit        12       0

STREAM                             readers   out/s    lag  queued dropped drop/s
tenant/acme/web-1/                       1       -   2.3s      90     12k      -
tenant/acme/                             1       -    3ms       4       0      -

CONSUMER OF                               from     as  out/s    lag full dropped
tenant/acme/web-1/                    10.0.0.1    sse      -   2.3s  90%     12k
tenant/acme/                          10.0.0.1    sse      -    3ms   4%       0`,
  );
  t.end();
});

void t.test('What fits is shown whole, and no table gives way while there is room.', (t) => {
  const consumers = [
    consumer('1', { dropped: 5 }),
    consumer('2', { stream: 'tenant/acme/web-1/', dropped: 7 }),
    consumer('3', { stream: 'system/', dropped: 9 }),
  ];
  const model = modelOf([reading('relay', 'http://10.0.0.8:8080', 2_000, 'up 1', consumers)], []);
  const whole = viewLines(model, state);
  const fitted = viewLines(model, { ...state, rows: whole.length });
  t.strictSame(fitted, whole);
  t.match(viewLines(model, { ...state, rows: whole.length - 1 }).join('\n'), /… \d more/);
  t.end();
});

void t.test('It never runs over the edge of the terminal, whatever its size and whatever is shown.', (t) => {
  const word = fc.string({ unit: 'grapheme', maxLength: 60 });
  const row = fc
    .record({ stream: word, remote: word, ms: fc.nat(1e9), dropped: fc.nat(1e12) })
    .map(({ stream, remote, ms, dropped }) =>
      consumer('1', { stream, remote, dropped, lag: { records: ms, bytes: 0, ms } }),
    );
  const sizes = fc.record({
    columns: fc.integer({ min: 20, max: 200 }),
    rows: fc.integer({ min: 4, max: 80 }),
  });
  fc.assert(
    fc.property(
      fc.array(row, { maxLength: 30 }),
      fc.nat(4),
      sizes,
      fc.constantFrom(...SORTS),
      fc.nat(30),
      (rows, n, size, sort, offset) => {
        const parts = Array.from({ length: n }, (_, i) => [
          reading('consolidator', `http://vm-${i}.example.com:9090`, 2_000, page),
          { ...reading('relay', `http://relay-${i}`, 2_000, page, rows), problem: 'x'.repeat(100) },
        ]).flat();
        const lines = viewLines(modelOf(parts, []), { ...state, ...size, sort, offset, keys: true });
        return lines.length === size.rows && lines.every((line) => stringWidth(line) <= size.columns);
      },
    ),
  );
  t.end();
});
