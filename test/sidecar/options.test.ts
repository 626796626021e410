import t from 'tap';
import type { SidecarErrorCode } from '../../sidecar/errors.js';
import {
  DEFAULT_SIDECAR_HWM,
  DEFAULT_SIDECAR_HWM_BYTES,
  resolveSidecarOptions,
  type SidecarOptions,
} from '../../sidecar/options.js';

const topic = { class: 'tenant', tenant: 'acme', container: 'web-1' } as const;

void t.test('what is not given has its default', async (t) => {
  t.strictSame(resolveSidecarOptions({ topic }), {
    topic,
    to: 'tcp://127.0.0.1:5555',
    hwm: DEFAULT_SIDECAR_HWM,
    hwmBytes: DEFAULT_SIDECAR_HWM_BYTES,
    overflow: 'drop-oldest',
    batchBytes: 65_536,
    flushTimeout: 2_000,
    heartbeat: 1_000,
    hold: 10_000,
    curve: undefined,
  });
});

void t.test('what is given stays', async (t) => {
  const given: Required<SidecarOptions> = {
    topic: { class: 'system', component: 'scheduler' },
    to: 'ipc:///run/spillway',
    hwm: 1,
    hwmBytes: 1,
    overflow: 'block',
    batchBytes: 1,
    flushTimeout: 0,
    heartbeat: 1,
    hold: 0,
    curve: { keys: { publicKey: 'p', secretKey: 's' }, serverKey: 'c' },
  };
  t.strictSame(resolveSidecarOptions(given), given);
});

const refused: readonly [what: string, options: SidecarOptions, code: SidecarErrorCode, says: RegExp][] = [
  ['a tenant that climbs', { topic: { ...topic, tenant: '..' } }, 'name', /"\.\." cannot name a tenant/],
  ['a container with a slash', { topic: { ...topic, container: 'a/b' } }, 'name', /"a\/b" cannot name/],
  ['a component of nothing', { topic: { class: 'system', component: '' } }, 'name', /"" cannot name/],
  ['a name with a line end', { topic: { ...topic, tenant: 'a\n' } }, 'name', /"a\\n" cannot name/],
  ['a name that is too long', { topic: { ...topic, tenant: 'a'.repeat(129) } }, 'name', /1 to 128/],
  ['a queue for no record', { topic, hwm: 0 }, 'option', /hwm cannot be 0: give a whole number from 1/],
  ['a queue for no byte', { topic, hwmBytes: 0 }, 'option', /hwmBytes cannot be 0/],
  ['a batch for no byte', { topic, batchBytes: -1 }, 'option', /batchBytes cannot be -1/],
  ['a flush before the end', { topic, flushTimeout: -1 }, 'option', /flushTimeout cannot be -1/],
  ['a heartbeat in fractions', { topic, heartbeat: 0.5 }, 'option', /heartbeat cannot be 0.5/],
  ['a timer that would overflow', { topic, hold: 2 ** 31 }, 'option', /hold cannot be 2147483648/],
  ['a mark that is no number', { topic, hwm: NaN }, 'option', /hwm cannot be NaN/],
  [
    'a policy for consumers',
    { topic, overflow: 'disconnect' as 'block' },
    'option',
    /drop-oldest, drop-newest, block/,
  ],
];

for (const [what, options, code, says] of refused) {
  void t.test(`${what} is refused with a sentence`, async (t) => {
    t.throws(() => resolveSidecarOptions(options), { name: 'SidecarError', code, message: says });
  });
}
