import t from 'tap';
import { RelayIntake } from '../../relay/intake.js';
import type { Refusal } from '../../wire/index.js';
import { framesOf, numberedLines } from '../support/relay.js';

const TOPIC = 'tenant/acme/web-1/';

function setUp(maxSources = 100) {
  return new RelayIntake({ maxBodyBytes: 10_000, maxSources });
}

/** Undefined where the message is refused, for its form or for what it says. */
function accept(intake: RelayIntake, frames: readonly Buffer[], now: number) {
  const message = intake.read(frames);
  return message && intake.accept(message, now);
}

function raw(body: string | Buffer): Buffer[] {
  return [Buffer.from(TOPIC), Buffer.from(body)];
}

/** Lines of a batch as the text that they are on the wire. */
function linesOf(intake: RelayIntake, body: string | Buffer): string[] {
  const arrival = accept(intake, raw(body), 0);
  return (arrival?.batch.lines ?? []).map((line) => Buffer.from(line, 'latin1').toString());
}

void t.test('a batch arrives as the lines that it holds, byte for byte', async (t) => {
  const intake = setUp();
  const lines = ['{"msg":"grüße 👋"}', '{ "a" : 1 }', '{}'];
  const arrival = accept(intake, framesOf(TOPIC, lines, { node: 'A', offset: 9, transit: 0, at: 5 }), 0);
  t.strictSame(
    arrival?.batch.lines.map((line) => Buffer.from(line, 'latin1').toString()),
    lines,
  );
  t.match(arrival, { name: TOPIC, seen: 0, losses: [0, 0, 0, 0, 0, 0] });
  t.match(arrival?.batch, { node: 'A', offset: 9, at: 5 });
  t.match(intake.stats, { messages: 1, records: 3, bytes: lines.join('').length + 3 + 4, wrapped: 0 });
  t.equal(arrival?.batch.record(0)?.msg, 'grüße 👋');
});

void t.test('a two-frame message is taken without an account', async (t) => {
  const intake = setUp();
  const arrival = accept(intake, raw('{"a":1}\n{"b":2}'), 0);
  t.strictSame(arrival?.batch.lines, ['{"a":1}', '{"b":2}']);
  t.match(arrival?.batch, { node: '', offset: 0, at: 0 });
  t.equal(intake.sources, 0);
});

void t.test('a line that cannot be an object is wrapped into a record that holds it', async (t) => {
  const intake = setUp();
  for (const line of ['plain', 'grüße', '[1]', '"{}"', 'null', '', ' {}', '{} x', '\u0000', '{']) {
    const [wrapped] = linesOf(intake, `${line}\n`);
    t.match(
      JSON.parse(wrapped ?? ''),
      { name: 'web-1', level: 30, msg: line, v: 0, wrapped: true },
      JSON.stringify(line),
    );
  }
  t.equal(intake.stats.wrapped, 10);
});

void t.test('white space behind an object does not make it text', async (t) => {
  const intake = setUp();
  t.strictSame(linesOf(intake, '{"a":1}\r\n{"b":2} \t\n'), ['{"a":1}', '{"b":2}']);
  t.equal(intake.stats.wrapped, 0);
});

void t.test('bytes that are no UTF-8 are wrapped without losing the line', async (t) => {
  const [wrapped] = linesOf(setUp(), Buffer.from([0x61, 0xff, 0xc3, 0x0a]));
  t.equal((JSON.parse(wrapped ?? '') as { msg: string }).msg, 'a\ufffd\ufffd');
});

void t.test('a gap is told by the hop that lost it', async (t) => {
  const intake = setUp();
  const send = (first: number, lost: number, transit: number, node = 'A') =>
    accept(
      intake,
      framesOf(TOPIC, numberedLines(first, 1), { first, lost, transit, node, offset: first }),
      0,
    );
  t.strictSame(send(10, 3, 1)?.losses, [0, 0, 0, 0, 0, 0], 'the first sight sets the baseline');
  t.strictSame(send(20, 8, 3)?.losses, [3, 2, 4, 0, 0, 0]);
  t.strictSame(send(30, 8, 3, 'B')?.losses, [0, 9, 0, 0, 0, 0], 'what a consolidator had died with it');
  t.strictSame(intake.stats.lost, [3, 11, 4, 0, 0, 0]);
});

void t.test('what was seen before is said to be, also in part', async (t) => {
  const intake = setUp();
  const send = (first: number, count: number) =>
    accept(intake, framesOf(TOPIC, numberedLines(first, count), { first }), 0)?.seen;
  t.strictSame([send(0, 5), send(0, 5), send(3, 4), send(7, 1)], [0, 5, 2, 0]);
  t.match(intake.stats, { records: 8, duplicates: 7 });
});

void t.test('the end of a source ends its account', async (t) => {
  const intake = setUp();
  accept(intake, framesOf(TOPIC, numberedLines(0, 2), { first: 0 }), 0);
  t.equal(intake.sources, 1);
  const last = accept(intake, framesOf(TOPIC, [], { first: 5, fin: true }), 0);
  t.strictSame(last?.losses, [0, 0, 3, 0, 0, 0], 'a loss at the very end is told');
  t.equal(intake.sources, 0);
});

void t.test('a message is refused by name, and its source stays where it was', async (t) => {
  const intake = setUp(1);
  const [head, body] = framesOf(TOPIC, numberedLines(0, 2)) as [Buffer, Buffer];
  const refused: Record<string, Buffer[]> = {
    frames: [head],
    topic: [Buffer.from('tenant/acme'), body],
    size: [head, Buffer.alloc(10_001)],
    body: [head, Buffer.alloc(0)],
    ledger: [head, body, Buffer.from('{"v":1,"first":-1}')],
    count: framesOf(TOPIC, numberedLines(0, 2), { count: 1 }),
  };
  accept(intake, framesOf(TOPIC, numberedLines(0, 2)), 0);
  for (const [word, frames] of Object.entries(refused)) {
    t.equal(accept(intake, frames, 0), undefined, word);
    t.equal(intake.stats.refused[word as Refusal], 1, word);
  }
  accept(intake, framesOf(TOPIC, numberedLines(0, 2), { first: 0 }), 0);
  const next = accept(intake, framesOf(TOPIC, numberedLines(4, 2), { first: 4 }), 0);
  t.strictSame(next?.losses, [0, 0, 2, 0, 0, 0], 'what was refused shows as lost');
  t.equal(accept(intake, framesOf('system/other/', numberedLines(0, 1), { src: 'other' }), 0), undefined);
  t.equal(intake.stats.refused.limit, 1);
});

void t.test('sources are forgotten that nobody reads, or that have been silent for long', async (t) => {
  const intake = setUp();
  const hear = (topic: string, now: number, beat?: number) =>
    accept(intake, framesOf(topic, numberedLines(0, 1), { ...(beat !== undefined && { beat }) }), now);
  hear('tenant/acme/a/', 0);
  hear('tenant/acme/b/', 0, 1_000);
  hear('tenant/acme/c/', 0);
  intake.leave('tenant/acme/', (topic) => topic !== 'tenant/acme/c/');
  t.equal(intake.sources, 2);
  intake.sweep(60_001);
  t.equal(intake.sources, 1, 'one that promised heartbeats goes sooner');
  intake.sweep(600_001);
  t.equal(intake.sources, 0);
});
