import fc from 'fast-check';
import t from 'tap';
import { Subscriptions } from '../../consolidator/subscriptions.js';
import { PRESENCE_PREFIX } from '../../wire/index.js';

function ask(...prefixes: string[]): Subscriptions {
  const subscriptions = new Subscriptions();
  for (const prefix of prefixes) subscriptions.apply({ subscribe: true, prefix });
  return subscriptions;
}

void t.test('a stream covers its topics and no other', async (t) => {
  const tenant = ask('tenant/acme/');
  t.ok(tenant.covers('tenant/acme/web-1/'));
  t.notOk(tenant.covers('tenant/acme2/web-1/'));
  t.notOk(tenant.covers('system/acme/'));
  const container = ask('tenant/acme/web-1/');
  t.ok(container.covers('tenant/acme/web-1/'));
  t.notOk(container.covers('tenant/acme/web-10/'));
  t.ok(ask('system/').covers('system/scheduler/'));
  t.ok(ask('').covers('tenant/acme/web-1/'));
  t.notOk(ask().covers('tenant/acme/web-1/'));
});

for (const prefix of [
  't',
  'tenant/',
  'tenant/a',
  'tenant/acme',
  'tenant/acme/web',
  'tenant/../',
  'other/x/',
  PRESENCE_PREFIX,
]) {
  void t.test(`${JSON.stringify(prefix)} is no stream: it is not passed on and covers nothing`, async (t) => {
    const subscriptions = new Subscriptions();
    t.equal(subscriptions.apply({ subscribe: true, prefix }), false);
    t.notOk(subscriptions.covers('tenant/acme/web-1/'));
    t.equal(subscriptions.apply({ subscribe: false, prefix }), false);
  });
}

void t.test('what was asked for is passed on when it comes and when it goes', async (t) => {
  const subscriptions = new Subscriptions();
  t.equal(subscriptions.apply({ subscribe: false, prefix: 'system/' }), false, 'it never came');
  t.equal(subscriptions.apply({ subscribe: true, prefix: 'system/' }), true);
  t.equal(subscriptions.apply({ subscribe: false, prefix: 'system/' }), true);
  t.notOk(subscriptions.covers('system/x/'));
});

void t.test('a topic is covered exactly where some stream asked for is a prefix of it', async () => {
  const name = fc.constantFrom('a', 'aa', 'b');
  const topic = fc.oneof(
    fc.tuple(name, name).map(([tenant, container]) => `tenant/${tenant}/${container}/`),
    name.map((component) => `system/${component}/`),
  );
  const stream = fc.oneof(
    topic,
    name.map((tenant) => `tenant/${tenant}/`),
    fc.constantFrom('system/', ''),
  );
  fc.assert(
    fc.property(fc.uniqueArray(stream, { maxLength: 5 }), topic, (streams, topic) => {
      return ask(...streams).covers(topic) === streams.some((stream) => topic.startsWith(stream));
    }),
  );
});

void t.test('beyond the most, a stream is refused and counted, and one that goes makes room', async (t) => {
  const subject = new Subscriptions(2);
  for (const prefix of ['tenant/a/', 'tenant/b/', 'tenant/a/'])
    t.ok(subject.apply({ subscribe: true, prefix }), prefix);
  t.notOk(subject.apply({ subscribe: true, prefix: 'tenant/c/' }));
  t.notOk(subject.apply({ subscribe: true, prefix: 'tenant/' }), 'no stream is not one too many');
  t.equal(subject.refused, 1);
  t.ok(subject.ballast > 0, 'libzmq keeps both all the same');
  subject.dropBallast();
  t.equal(subject.ballast, 0);
  subject.apply({ subscribe: false, prefix: 'tenant/a/' });
  t.ok(subject.apply({ subscribe: true, prefix: 'tenant/c/' }));
});
