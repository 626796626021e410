import { setImmediate as nextTurn } from 'node:timers/promises';
import t from 'tap';
import { PastRoom, type Share } from '../../relay/past-room.js';

/** What a promise has come to by now; undefined where it waits. */
async function now<T>(promise: Promise<T>): Promise<T | undefined> {
  await nextTurn();
  return Promise.race([promise, Promise.resolve(undefined)]);
}

async function entered(room: PastRoom): Promise<Share> {
  const share = room.open();
  await share.enter();
  return share;
}

void t.test('so many are let in at a time, in the order of asking', async (t) => {
  const room = new PastRoom({ bytes: 100, most: 50, atATime: 2 });
  const [first, second, third, fourth] = Array.from({ length: 4 }, () => room.open());
  const asked = [first, second, third, fourth].map((share) => share!.enter());
  t.strictSame(await Promise.all(asked.map(now)), [true, true, undefined, undefined]);
  t.equal(room.waiting, 2);
  third!.close();
  first!.made(() => {});
  t.strictSame(await Promise.all(asked.map(now)), [true, true, false, true]);
});

void t.test('who waits too long for a place does without', async (t) => {
  const room = new PastRoom({ bytes: 100, most: 50, atATime: 1, enterTimeout: 1 });
  await entered(room);
  // Its timer holds no process up.
  const alive = setInterval(() => {}, 1_000);
  t.equal(await room.open().enter(), false);
  clearInterval(alive);
  t.equal(room.waiting, 0);
});

void t.test('the first can always have what one may need, and the others grow around that', async (t) => {
  const room = new PastRoom({ bytes: 100, most: 50 });
  const first = await entered(room);
  const second = await entered(room);
  t.equal(await now(second.take(50)), true);
  const more = second.take(1);
  t.equal(await now(more), undefined, 'the rest is for the first');
  t.equal(await now(first.take(50)), true);
  t.equal(room.held, 100);
  first.give(10);
  t.equal(await now(more), undefined, 'which may still grow');
  first.close();
  t.equal(await now(more), true);
  t.equal(room.held, 51);
  second.close();
  t.equal(room.held, 0);
});

void t.test('a small one does not wait for a large one', async (t) => {
  const room = new PastRoom({ bytes: 100, most: 90, small: 20 });
  const first = await entered(room);
  const [large, small] = [await entered(room), await entered(room)];
  const asked = large.take(30);
  t.equal(await now(small.take(20)), true);
  t.equal(await now(asked), undefined);
  first.made(() => {});
  t.equal(await now(asked), true);
});

void t.test('one that is closed waits no longer', async (t) => {
  const room = new PastRoom({ bytes: 100, most: 100 });
  const first = await entered(room);
  const second = await entered(room);
  await first.take(100);
  const more = second.take(1);
  second.close();
  t.equal(await more, false);
  t.equal(await second.take(1), false);
});

void t.test(
  'a past that nobody reads any more goes at once, others when it has been waited long',
  async (t) => {
    const room = new PastRoom({ bytes: 100, most: 60, patience: 1 });
    const gone: string[] = [];
    const [read, unread] = [await entered(room), await entered(room)];
    const made = (name: string, share: Share) =>
      share.made(() => {
        gone.push(name);
        share.close();
      });
    await read.take(40);
    await unread.take(20);
    made('read', read);
    unread.idle = true;
    made('unread', unread);
    const alive = setInterval(() => {}, 1_000);
    const next = await entered(room);
    t.equal(await now(next.take(55)), true);
    t.strictSame(gone, ['unread']);
    t.equal(await next.take(20), true);
    t.strictSame(gone, ['unread', 'read']);
    t.equal(await next.take(60), true, 'one that is larger than was reckoned with does not wait for ever');
    t.equal(room.held, 135);
    clearInterval(alive);
  },
);
