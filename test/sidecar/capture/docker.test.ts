import t, { type Test } from 'tap';
import { attachDocker } from '../../../sidecar/capture/index.js';
import { EngineTwin } from './docker/engine-twin.js';
import { frame } from './docker/frame.js';
import { Witness } from './events.js';

function follow(t: Test, socket: string) {
  const witness = new Witness();
  const options = { onLife: witness.onLife, askMs: 20 };
  const capture = attachDocker({ container: 'web', socket }, witness, options);
  t.teardown(() => capture.close());
  return { witness, capture };
}

void t.test('What a container prints comes with its time, and its end with its code.', async (t) => {
  const engine = await EngineTwin.start(t);
  engine.run();
  engine.print('before ');
  const { witness } = follow(t, engine.socket);
  await engine.followed();
  engine.print('after\n');
  engine.print('bad\n', 'stderr');
  await witness.says('stdout before after');
  await witness.says('stderr bad');
  t.ok(witness.times.every((at) => at !== undefined && Math.abs(Date.now() - at) < 10_000));
  engine.print('cut off');
  engine.exit(3);
  t.match(await witness.lives('ended'), [{ code: 3, fields: { id: 'a'.repeat(12), image: 'web:1' } }]);
  await witness.says('stdout cut off');
});

void t.test('A container that is started again is followed again, and nothing comes twice.', async (t) => {
  const engine = await EngineTwin.start(t);
  engine.run();
  const { witness } = follow(t, engine.socket);
  await engine.followed();
  engine.print('one\n');
  engine.exit(1);
  await witness.lives('ended');
  engine.print('two, from before anybody looked\n');
  engine.run();
  await witness.lives('started', 2);
  await engine.followed();
  engine.print('three\n');
  await witness.says('stdout three');
  t.strictSame(witness.lines.items, ['stdout one', 'stdout two, from before anybody looked', 'stdout three']);
});

void t.test('A restart that was over before we looked still tells of the code.', async (t) => {
  const engine = await EngineTwin.start(t);
  engine.run();
  const { witness } = follow(t, engine.socket);
  await engine.followed();
  while (!engine.asked.some((url) => url.startsWith('/events')))
    await new Promise((next) => setImmediate(next));
  await new Promise((resolve) => setTimeout(resolve, 5)); // Two starts within a millisecond would be one.
  engine.exit(137);
  engine.run();
  t.match(await witness.lives('started', 2), [{}, {}]);
  t.match(await witness.lives('ended'), [{ code: 137 }]);
});

void t.test('A connection that breaks in the middle of a message costs nothing.', async (t) => {
  const engine = await EngineTwin.start(t);
  engine.run();
  const { witness } = follow(t, engine.socket);
  await engine.followed();
  engine.print('one\n');
  await witness.says('stdout one');
  engine.cut('a message that is cut in two\n');
  engine.print('three\n');
  await witness.says('stdout three');
  t.strictSame(witness.lines.items, ['stdout one', 'stdout a message that is cut in two', 'stdout three']);
  await witness.lives('found');
});

void t.test('A new container of the same name is another, read from its beginning.', async (t) => {
  const engine = await EngineTwin.start(t);
  engine.run();
  const { witness } = follow(t, engine.socket);
  await engine.followed();
  engine.print('one\n');
  await witness.says('stdout one');
  engine.exists = false;
  engine.exit(0);
  t.match(await witness.lives('lost'), [{ msg: 'container web was removed' }]);
  engine.replace();
  engine.exists = true;
  engine.run();
  engine.print('two\n');
  await witness.says('stdout two');
  t.match(await witness.lives('started', 2), [{ fields: { id: /^a/ } }, { fields: { id: /^b/ } }]);
  t.strictSame(witness.lines.items, ['stdout one', 'stdout two']);
});

void t.test(
  "A terminal's output has no frames and no times, and a broken connection is told of.",
  async (t) => {
    const engine = await EngineTwin.start(t);
    engine.terminal = true;
    engine.run();
    const { witness } = follow(t, engine.socket);
    await engine.followed();
    engine.print('2026-01-01T00:00:00Z is what it printed\r\n');
    await witness.says('stdout 2026-01-01T00:00:00Z is what it printed\r');
    t.notOk(engine.asked.some((url) => url.includes('timestamps')));
    engine.cut();
    await engine.followed();
    engine.print('more\r\n');
    await witness.says('stdout more\r');
    await witness.life.until((events) => events.some(({ msg }) => /a terminal gives no times/.test(msg)));
    engine.exit(2);
    t.match(await witness.lives('ended'), [{ code: 2 }]);
  },
);

void t.test('What an engine sends that is no frame breaks the connection, not the sidecar.', async (t) => {
  const engine = await EngineTwin.start(t);
  engine.run();
  const { witness } = follow(t, engine.socket);
  await engine.followed();
  engine.inject(Buffer.from('garbage, and more of it'));
  t.match(await witness.lives('lost'), [{ msg: /no frame/ }]);
  await witness.lives('found');
  await engine.followed();
  engine.inject(frame(3, 'the disk is full'));
  engine.print('on\n');
  await witness.says('stdout on');
  t.match(await witness.lives('lost', 2), [{}, { msg: 'the engine says: the disk is full' }]);
});

void t.test('An engine that is not there is waited for, and told of once.', async (t) => {
  const { witness, capture } = follow(t, '/nowhere/engine.sock');
  await witness.lives('lost');
  await new Promise((resolve) => setTimeout(resolve, 80));
  t.match(witness.life.items, [{ kind: 'lost', msg: /\/nowhere\/engine\.sock does not answer/ }]);
  capture.stop();
  t.strictSame(await capture.ended, { code: 0, held: [] });
});

void t.test(
  'A log that cannot be read is told of once, also where the engine answers all else.',
  async (t) => {
    const engine = await EngineTwin.start(t);
    engine.unreadable = true;
    engine.run();
    const { witness } = follow(t, engine.socket);
    while (engine.asked.filter((url) => url.includes('/logs')).length < 3)
      await new Promise((resolve) => setTimeout(resolve, 5));
    t.strictSame(
      witness.life.items.map(({ kind }) => kind),
      ['started', 'lost'],
    );
    t.match(witness.life.items[1], { msg: /does not support reading/ });
    engine.unreadable = false;
    engine.print('one\n');
    await witness.says('stdout one');
    t.match(await witness.lives('found'), [{ msg: 'container web is followed again' }]);
  },
);

void t.test('A paused capture lets the engine wait.', async (t) => {
  const engine = await EngineTwin.start(t);
  engine.run();
  const { witness, capture } = follow(t, engine.socket);
  await engine.followed();
  engine.print('one\n');
  await witness.says('stdout one');
  capture.pause();
  engine.print('two\n');
  await new Promise((resolve) => setTimeout(resolve, 30));
  t.strictSame(witness.lines.items, ['stdout one']);
  capture.resume();
  await witness.says('stdout two');
});
