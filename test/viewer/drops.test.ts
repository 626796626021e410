import t from 'tap';
import type { DropNotice } from '../../relay/notice.js';
import { Drops } from '../../relay/viewer/drops.js';

const notice = (hop: string, reason: string, count: number | null): DropNotice => ({
  hop,
  reason,
  count,
  since: '',
  until: '',
  total: null,
});

void t.test('drops are summed by hop and reason, known and unknown', async (t) => {
  const drops = new Drops();
  drops.add(notice('relay', 'consumer-overflow', 5));
  drops.add(notice('relay', 'consumer-overflow', 7));
  drops.add(notice('relay', 'transit', null));
  t.same(drops.sums, [
    { hop: 'relay', reason: 'consumer-overflow', count: 12, unknown: 0 },
    { hop: 'relay', reason: 'transit', count: 0, unknown: 1 },
  ]);
  t.same([drops.total, drops.unknown], [12, 1]);
});

void t.test('a relay that invents reasons fills no memory', async (t) => {
  const drops = new Drops();
  for (let i = 0; i < 1000; i++) drops.add(notice('relay', `reason-${i}`, 1));
  t.ok(drops.sums.length <= 32);
});
