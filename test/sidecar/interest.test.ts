import t from 'tap';
import { Interest, type InterestOptions, type InterestState } from '../../sidecar/interest.js';
import { formatPresence, PRESENCE_PREFIX } from '../../wire/index.js';
import { Inbox } from '../support/zmq.js';

const TOPIC = 'tenant/acme/web-1/';
/** Longer than any of these tests. */
const NEVER = 600_000;

/** All waits are without end where a test does not give one, so that only what it is about can come to pass. */
function follow(options: Partial<Pick<InterestOptions, 'hold' | 'settle' | 'settleForeign'>> = {}) {
  const states = new Inbox<InterestState>();
  const interest = new Interest({
    topic: TOPIC,
    hold: NEVER,
    settle: NEVER,
    settleForeign: NEVER,
    ...options,
    onChange: (state) => states.put(state),
  });
  return {
    interest,
    states,
    subscribe: (prefix: string) => interest.subscription({ subscribe: true, prefix }),
    unsubscribe: (prefix: string) => interest.subscription({ subscribe: false, prefix }),
    /** Resolves at the first change to `state`. */
    becomes: (state: InterestState) => states.until((states) => states.includes(state)),
  };
}

void t.test('it begins without knowing', async (t) => {
  const { interest, states } = follow();
  t.equal(interest.state, 'unknown');
  t.strictSame(states.items, []);
});

for (const prefix of ['', 'tenant/', 'tenant/acme/', TOPIC]) {
  void t.test(`a subscription to ${JSON.stringify(prefix)} covers the topic`, async (t) => {
    const { interest, subscribe, unsubscribe } = follow();
    interest.connected();
    subscribe(prefix);
    t.equal(interest.state, 'read');
    unsubscribe(prefix);
    t.equal(interest.state, 'unread');
  });
}

for (const prefix of ['system/', 'tenant/acme2/', 'tenant/acme/web-10/', `${TOPIC}more`, PRESENCE_PREFIX]) {
  void t.test(`a subscription to ${JSON.stringify(prefix)} does not`, async (t) => {
    const { interest, subscribe, unsubscribe } = follow();
    interest.connected();
    subscribe(prefix);
    t.equal(interest.state, 'unknown');
    subscribe('tenant/acme/');
    unsubscribe(prefix);
    t.equal(interest.state, 'read');
  });
}

void t.test('it is read until the last of the subscriptions that cover it is gone', async (t) => {
  const { interest, states, subscribe, unsubscribe } = follow();
  interest.connected();
  subscribe('tenant/acme/');
  subscribe(TOPIC);
  subscribe(TOPIC);
  unsubscribe('tenant/acme/');
  t.equal(interest.state, 'read');
  unsubscribe(TOPIC);
  t.equal(interest.state, 'unread', 'twice the same counts once');
  subscribe(TOPIC);
  t.strictSame(states.items, ['read', 'unread', 'read']);
});

void t.test('taking back what was never asked for changes nothing', async (t) => {
  const { interest, unsubscribe } = follow();
  interest.connected();
  unsubscribe(TOPIC);
  t.equal(interest.state, 'unknown');
});

void t.test('a consolidator that asks for nothing is known not to read, soon after its mark', async (t) => {
  const { interest, subscribe, becomes } = follow({ settle: 5 });
  interest.connected();
  subscribe(PRESENCE_PREFIX);
  t.equal(interest.state, 'unknown', 'but not at once');
  await becomes('unread');
});

void t.test('a burst that is read slowly has not ended', async (t) => {
  const { interest, states, subscribe } = follow({ settle: 20 });
  interest.connected();
  subscribe(PRESENCE_PREFIX);
  // What comes is of other topics, for longer than the wait.
  for (const end = performance.now() + 60; performance.now() < end;) {
    interest.heard();
    await new Promise((resolve) => setImmediate(resolve));
  }
  subscribe('tenant/acme/');
  t.strictSame(states.items, ['read']);
});

void t.test('who is at the other end is known while the connection lasts', async (t) => {
  const { interest, subscribe } = follow();
  interest.connected();
  subscribe('tenant/acme/');
  t.equal(interest.node, undefined);
  subscribe(PRESENCE_PREFIX);
  subscribe(formatPresence('A'));
  t.equal(interest.node, 'A');
  interest.disconnected();
  t.equal(interest.node, undefined);
  interest.connected();
  subscribe(formatPresence('B'));
  t.equal(interest.node, 'B');
});

void t.test('a peer without a mark is given longer, and then not read either', async (t) => {
  const { interest, becomes } = follow({ settleForeign: 5 });
  interest.connected();
  t.equal(interest.state, 'unknown');
  await becomes('unread');
});

void t.test('without a connection there is no end to not knowing', async (t) => {
  const { interest, states } = follow({ settle: 1, settleForeign: 1, hold: 1 });
  interest.connected();
  interest.disconnected();
  await new Promise((resolve) => setTimeout(resolve, 20));
  t.strictSame(states.items, []);
});

void t.test('a lost connection takes its subscriptions with it', async (t) => {
  const { interest, states, subscribe, unsubscribe } = follow();
  interest.connected();
  subscribe('tenant/acme/');
  interest.disconnected();
  t.equal(interest.state, 'unknown');
  interest.connected();
  subscribe(TOPIC);
  t.equal(interest.state, 'read');
  unsubscribe(TOPIC);
  t.equal(interest.state, 'unread', 'the old peer’s does not count');
  t.strictSame(states.items, ['read', 'unknown', 'read', 'unread']);
});

void t.test(
  'a new connection voids what was asked for, even if the end of the old was not told',
  async (t) => {
    const { interest, states, subscribe } = follow();
    interest.connected();
    subscribe('tenant/acme/');
    interest.connected();
    t.equal(interest.state, 'unknown');
    subscribe('tenant/acme/');
    t.strictSame(states.items, ['read', 'unknown', 'read'], 'so that the new peer is greeted as well');
  },
);

void t.test('after a reconnect a reader is waited for, and a mark does not shorten that', async (t) => {
  const { interest, subscribe, becomes } = follow({ settle: 1, settleForeign: 1, hold: 60 });
  interest.connected();
  subscribe(TOPIC);
  interest.disconnected();
  const reconnected = performance.now();
  interest.connected();
  subscribe(PRESENCE_PREFIX);
  await becomes('unread');
  // Timers are precise to the millisecond, and no finer.
  t.ok(performance.now() - reconnected >= 59);
});

void t.test('who was waited for in vain is not waited for again', async (t) => {
  const { interest, subscribe, becomes, states } = follow({ hold: 1, settle: 1 });
  interest.connected();
  subscribe(TOPIC);
  interest.disconnected();
  interest.connected();
  await becomes('unread');
  interest.disconnected();
  t.equal(interest.state, 'unread', 'nobody reads while nobody is there');
  interest.connected();
  subscribe(PRESENCE_PREFIX);
  t.equal(interest.state, 'unread');
  subscribe(TOPIC);
  t.strictSame(states.items, ['read', 'unknown', 'unread', 'read']);
});

void t.test('a subscription that comes in time ends the wait', async (t) => {
  const { interest, subscribe, states } = follow({ settle: 5 });
  interest.connected();
  subscribe(PRESENCE_PREFIX);
  subscribe(TOPIC);
  await new Promise((resolve) => setTimeout(resolve, 20));
  t.equal(interest.state, 'read');
  t.strictSame(states.items, ['read']);
});

void t.test('once closed its state stays', async (t) => {
  const { interest, subscribe, states } = follow({ settle: 1, settleForeign: 1 });
  interest.connected();
  subscribe(TOPIC);
  interest.close();
  interest.disconnected();
  interest.connected();
  subscribe(PRESENCE_PREFIX);
  await new Promise((resolve) => setTimeout(resolve, 10));
  t.equal(interest.state, 'read');
  t.strictSame(states.items, ['read']);
});
