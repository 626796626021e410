import t from 'tap';
import { modelOf } from '../../../cli/top/model.js';
import { pressureOf } from '../../../cli/top/pressure.js';
import { consumer, reading } from './readings.js';

const relayPage = (out: number, dropped: number, more = '') => `
spillway_records_out_total{hop="relay"} ${out}
spillway_records_dropped_total{hop="relay",reason="consumer-overflow"} ${dropped}
spillway_records_dropped_upstream_total{hop="sidecar",reason="sidecar-overflow",by="relay"} 7
spillway_records_dropped_upstream_total{hop="consolidator",reason="transit",by="relay"} 3
spillway_consumer_lag_seconds 1.5
nodejs_eventloop_utilization_ratio 0.95
target_info{service_version="1.2.3"} 1
${more}`;

const R = 'http://r:8080';

void t.test('Rates are what was counted since, by the time that has passed.', (t) => {
  const model = modelOf(
    [reading('relay', R, 3_000, relayPage(500, 20))],
    [reading('relay', R, 1_000, relayPage(100, 10))],
  );
  t.match(model.parts, [
    {
      url: R,
      version: '1.2.3',
      out: 200,
      dropped: 20,
      droppedRate: 5,
      lag: 1500,
      busy: 0.95,
      sources: undefined,
    },
  ]);
  const first = modelOf([reading('relay', R, 3_000, relayPage(500, 20))], []);
  t.match(first.parts, [{ out: undefined, dropped: 20, droppedRate: undefined }]);
  t.end();
});

void t.test('A part that was started anew counts from nothing, and one that was away has no rate.', (t) => {
  const again = modelOf(
    [reading('relay', R, 2_000, relayPage(50, 0))],
    [reading('relay', R, 1_000, relayPage(900, 9))],
  );
  t.match(again.parts, [{ out: 50, droppedRate: 0 }]);
  const back = modelOf([reading('relay', R, 2_000, relayPage(50, 0))], [reading('relay', R, 1_000, '')]);
  t.match(back.parts, [{ out: undefined }]);
  t.end();
});

const consolidatorPage = (sidecar: number, transit: number) => `
spillway_records_dropped_total{hop="consolidator",reason="transit"} ${transit}
spillway_records_dropped_upstream_total{hop="sidecar",reason="sidecar-overflow",by="consolidator"} ${sidecar}
`;

void t.test('Each loss is counted once: by its own hop, or by the next that was read.', (t) => {
  const relays = [reading('relay', R, 1, relayPage(0, 1)), reading('relay', 'http://s', 1, relayPage(0, 2))];
  const rows = (readings: typeof relays) =>
    modelOf(readings, []).losses.map(({ hop, reason, total }) => `${hop} ${reason} ${total}`);
  t.strictSame(rows(relays), [
    'sidecar sidecar-overflow 7',
    'relay consumer-overflow 3',
    'consolidator transit 3',
  ]);
  t.strictSame(
    rows([
      ...relays,
      reading('consolidator', 'http://c', 1, consolidatorPage(5, 2)),
      reading('consolidator', 'http://d', 1, consolidatorPage(2, 2)),
    ]),
    ['sidecar sidecar-overflow 7', 'consolidator transit 4', 'relay consumer-overflow 3'],
  );
  t.end();
});

void t.test('Streams are the sums of their readers, and the worst of their lags.', (t) => {
  const before = [
    consumer('1', { delivered: 100, dropped: 1 }),
    consumer('2', { delivered: 0, stream: 'system/' }),
  ];
  const now = [
    consumer('1', { delivered: 300, dropped: 3, lag: { records: 50, bytes: 900, ms: 40 } }),
    consumer('2', { delivered: 10, stream: 'system/' }),
    consumer('3', { delivered: 5, lag: { records: 1, bytes: 1, ms: 90 } }),
  ];
  const model = modelOf([reading('relay', R, 2_000, '', now)], [reading('relay', R, 1_000, 'up 1', before)]);
  t.match(model.streams, [
    { stream: 'tenant/acme/', consumers: 2, rate: 200, lag: 90, queued: 51, dropped: 3, droppedRate: 2 },
    { stream: 'system/', consumers: 1, rate: 10 },
  ]);
  t.match(model.consumers, [{ full: 0.9 }, { full: 0 }, { rate: undefined }]);
  t.end();
});

const page = (dropped: number) =>
  relayPage(0, dropped, 'spillway_consolidators 2\nspillway_discovery_entries 3\n');

void t.test('Where the pressure is, is said in words.', (t) => {
  const slow = consumer('1', { lag: { records: 99, bytes: 0, ms: 2_300 } });
  const gone = { ...reading('consolidator', 'http://c:9090', 1, ''), problem: 'connect ECONNREFUSED' };
  const model = modelOf(
    [gone, reading('relay', R, 2_000, page(12), [slow])],
    [reading('relay', R, 1_000, page(2))],
  );
  t.strictSame(pressureOf(model), [
    'consolidator c:9090: connect ECONNREFUSED',
    'readers drop: they are too slow for their buffers (10/s)',
    'relay r:8080 is 95% busy',
    'relay r:8080 reads 2 of the 3 consolidators that it knows',
    '1 reader with a buffer at least 80% full',
    '1 reader behind, the furthest by 2.3s',
  ]);
  t.strictSame(pressureOf(modelOf([], [])), []);
  t.end();
});
