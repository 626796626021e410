import t from 'tap';
import { targetsOf } from '../../../cli/logs/target.js';

const path = (word: string, system = false) => targetsOf([word], system)[0]?.path;

void t.test('A word names a tenant or one of its containers, and of the system a component or all.', (t) => {
  t.equal(path('acme'), '/v1/logs/tenant/acme');
  t.equal(path('acme/web-1'), '/v1/logs/tenant/acme/web-1');
  t.equal(path('a..b/_.-'), '/v1/logs/tenant/a..b/_.-');
  t.equal(path('system'), '/v1/logs/tenant/system', 'a tenant may have that name');
  t.equal(path('system:'), '/v1/logs/system');
  t.equal(path('system:scheduler'), '/v1/logs/system/scheduler');
  t.equal(path('scheduler', true), '/v1/logs/system/scheduler');
  t.equal(targetsOf([], true)[0]?.path, '/v1/logs/system');
  t.end();
});

void t.test('A stream is known by the name that it has everywhere else.', (t) => {
  t.equal(path('system/sidecar'), '/v1/logs/system/sidecar');
  t.equal(path('system/'), '/v1/logs/system');
  t.equal(path('tenant/acme'), '/v1/logs/tenant/acme');
  t.equal(path('tenant/acme/web-1'), '/v1/logs/tenant/acme/web-1');
  t.equal(path('tenant/acme/web-1/'), '/v1/logs/tenant/acme/web-1', 'as a topic is written');
  t.equal(path('tenant/system/web-1'), '/v1/logs/tenant/system/web-1', 'a tenant may have that name');
  t.equal(path('tenant'), '/v1/logs/tenant/tenant');
  t.strictSame(
    targetsOf(['tenant/acme/web-1', 'acme/web-1', 'system/cron', 'system:cron'], false).map(
      ({ label }) => label,
    ),
    ['acme/web-1', 'system:cron'],
  );
  t.end();
});

void t.test('Several words are several streams, each once.', (t) => {
  t.strictSame(
    targetsOf(['acme/web-1', 'acme', 'system:scheduler', 'acme'], false).map(({ label }) => label),
    ['acme/web-1', 'acme', 'system:scheduler'],
  );
  t.strictSame(
    targetsOf(['a', 'b'], true).map(({ path }) => path),
    ['/v1/logs/system/a', '/v1/logs/system/b'],
  );
  t.end();
});

const bad = [
  '',
  '/',
  'acme/',
  '/web-1',
  'a/b/c',
  'tenant/',
  'tenant/a/b/c',
  'tenant/acme/..',
  'system/..',
  'system/a/b',
  '.',
  '..',
  'acme/..',
  '../acme',
  'a%2e',
  'a b',
  'a?x',
  'a#x',
  'ä',
];

void t.test('A name that could be another path is refused before anything is asked for.', (t) => {
  for (const word of [...bad, 'x'.repeat(129), 'a\n']) {
    t.throws(() => targetsOf([word], false), { name: 'UsageError', code: 'bad-value' }, JSON.stringify(word));
  }
  t.throws(() => targetsOf(['a/b'], true), { code: 'bad-value' }, 'a component has no parts');
  t.throws(() => targetsOf(['..'], true), { code: 'bad-value' });
  t.throws(() => targetsOf(['system:..'], false), { code: 'bad-value' });
  t.throws(() => targetsOf([], false), { code: 'missing-argument' });
  t.end();
});
