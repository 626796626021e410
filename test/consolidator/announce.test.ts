import t from 'tap';
import { announceConsolidator, describe } from '../../consolidator/announce.js';

const RUNNING = { node: 'q83vEjRW', publish: 'tcp://127.0.0.1:5555', subscribe: 'tcp://127.0.0.1:5556' };
const EVERYWHERE = { node: 'q83vEjRW', publish: 'tcp://0.0.0.0:5555', subscribe: 'tcp://[::]:5556' };

void t.test('what is told is where it is bound, or how it is to be reached', async (t) => {
  t.strictSame(describe(RUNNING), { ...idless(RUNNING), id: 'q83vEjRW', version: 1 });
  t.strictSame(
    describe({ ...EVERYWHERE, replay: 'tcp://0.0.0.0:6000', curveKey: 'k'.repeat(40) }, 'fd00::1'),
    {
      id: 'q83vEjRW',
      publish: 'tcp://[fd00::1]:5555',
      subscribe: 'tcp://[fd00::1]:5556',
      replay: 'tcp://[fd00::1]:6000',
      curveKey: 'k'.repeat(40),
      version: 1,
    },
  );
});

void t.test('an address that leads nowhere is not told', async (t) => {
  const to = 'etcd://127.0.0.1:1';
  for (const [running, advertise] of [
    [EVERYWHERE, undefined],
    [RUNNING, '*'],
    [RUNNING, '0.0.0.0'],
    [RUNNING, '::'],
    [RUNNING, ''],
    [RUNNING, 'tcp://10.0.0.1'],
    [{ ...RUNNING, publish: 'ipc:///run/x' }, undefined],
  ] as const) {
    t.throws(
      () => announceConsolidator(running, { to, ...(advertise !== undefined && { advertise }) }),
      { code: 'advertise', message: /--advertise/ },
      JSON.stringify([running, advertise]),
    );
  }
});

function idless({ publish, subscribe }: typeof RUNNING) {
  return { publish, subscribe };
}
