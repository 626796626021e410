import { closeSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { seekTime } from '../../../../sidecar/capture/cri/seek.js';

const START = Date.UTC(2026, 0, 1);

void t.test('A long log is begun close before the time that is asked for, and never after it.', (t) => {
  const path = join(t.testdir(), '0.log');
  const lines = Array.from({ length: 20_000 }, (_, i) => {
    const time = new Date(START + i * 1000).toISOString();
    return `${time} stdout F line ${i} ${'x'.repeat(i % 200)}\n`;
  });
  const text = lines.join('');
  writeFileSync(path, text);
  const fd = openSync(path, 'r');
  t.teardown(() => closeSync(fd));
  for (const wanted of [0, 1, 777, 10_000, 19_999]) {
    const at = seekTime(fd, text.length, START + wanted * 1000);
    const place = text.indexOf(`stdout F line ${wanted} `);
    t.ok(at <= place, `line ${wanted} is behind ${at}`);
    t.ok(place - at < 200_000, 'and not far');
    t.ok(at === 0 || text[at - 1] === '\n', 'at the beginning of a line');
  }
  t.equal(seekTime(fd, 0, START), 0, 'an empty file');
  t.end();
});

void t.test('What is no CRI log is begun at its beginning.', (t) => {
  const path = join(t.testdir({ x: 'no header here\n'.repeat(20_000) }), 'x');
  const fd = openSync(path, 'r');
  t.teardown(() => closeSync(fd));
  t.equal(seekTime(fd, 300_000, START), 0);
  t.end();
});
