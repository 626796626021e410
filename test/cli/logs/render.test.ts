import t from 'tap';
import { OUTPUTS, renderer, type Output } from '../../../cli/logs/render.js';

const line = JSON.stringify({
  name: 'web-1',
  hostname: 'vm-1',
  pid: 7,
  level: 30,
  msg: 'to \u001b[2J\u202e you',
  time: '2026-01-02T06:41:13.980Z',
  v: 0,
  stream: 'stdout',
  note: '\u009b',
});
const piped = { color: false, terminal: false };
const shown = { color: false, terminal: true };

void t.test('Each output has its form.', (t) => {
  t.equal(
    renderer({ output: 'short', ...piped })(line),
    '06:41:13.980Z  INFO web-1: to \u001b[2J\u202e you (stream=stdout, note=\u009b)\n',
  );
  t.equal(
    renderer({ output: 'long', ...piped })(line),
    '[2026-01-02T06:41:13.980Z]  INFO: web-1/7 on vm-1: to \u001b[2J\u202e you (stream=stdout, note=\u009b)\n',
  );
  t.equal(renderer({ output: 'json', ...piped })(line), `${line}\n`);
  t.equal(renderer({ output: 'raw', ...piped })(line), 'to \u001b[2J\u202e you\n');
  t.equal(renderer({ output: 'simple', ...piped })(line), 'INFO - to \u001b[2J\u202e you\n');
  t.end();
});

void t.test('A line does not drive the terminal that shows it.', (t) => {
  t.equal(
    renderer({ output: 'short', ...shown })(line),
    '06:41:13.980Z  INFO web-1: to ␛[2J<U+202E> you (stream=stdout, note=<U+009B>)\n',
  );
  t.equal(renderer({ output: 'raw', ...shown })(line), 'to ␛[2J<U+202E> you\n');
  t.equal(renderer({ output: 'simple', ...shown })(line), 'INFO - to ␛[2J<U+202E> you\n');
  t.equal(renderer({ output: 'raw', ...shown })('no \u001b record'), 'no ␛ record\n');
  const json = renderer({ output: 'json', ...shown })(line);
  t.notMatch(json, /[\u0080-\u009f\u202e]/);
  t.equal(JSON.stringify(JSON.parse(json)), line);
  t.end();
});

void t.test('Its own colours reach the terminal, those of the line do not.', (t) => {
  t.equal(
    renderer({ output: 'short', color: true, terminal: true })(line),
    '06:41:13.980Z \u001b[36m INFO\u001b[39m web-1: \u001b[36mto ␛[2J<U+202E> you\u001b[39m (stream=stdout, note=<U+009B>)\n',
  );
  t.end();
});

void t.test('What is no record stands as it came.', (t) => {
  for (const odd of ['plain', '{"a":1}', '{ "a" : 1 }', '{broken', '[1]', '5', 'null', '']) {
    for (const output of OUTPUTS) {
      t.equal(renderer({ output, ...piped })(odd), `${odd}\n`, `${output} ${odd}`);
    }
  }
  t.equal(renderer({ output: 'raw', ...piped })('{"msg":5}'), '5\n');
  t.equal(renderer({ output: 'raw', ...piped })('{"msg":{"a":1}}'), '{"msg":{"a":1}}\n');
  t.end();
});

void t.test('A record that is late says by how much, in a field or in front.', (t) => {
  const late = (output: Output, text = line) => renderer({ output, ...piped })(text, 230);
  t.match(late('short'), 'note=\u009b, spillway.late=230ms)\n');
  t.match(late('long'), 'spillway.late=230ms)\n');
  t.strictSame(JSON.parse(late('json')), { ...(JSON.parse(line) as object), 'spillway.late': '230ms' });
  t.match(late('raw'), /^\(late by 230ms\) to /);
  t.match(late('simple'), /^\(late by 230ms\) INFO - to /);
  t.equal(late('short', 'no record'), '(late by 230ms) no record\n');
  t.end();
});

void t.test('What matches is inverted, whatever colours it has, and only where there are colours.', (t) => {
  const highlight = [/info web/i, /you/];
  t.equal(
    renderer({ output: 'short', color: true, terminal: true, highlight })(line),
    '06:41:13.980Z \u001b[36m \u001b[7mINFO\u001b[39m web\u001b[27m-1: \u001b[36mto ␛[2J<U+202E> \u001b[7myou\u001b[39m\u001b[27m (stream=stdout, note=<U+009B>)\n',
  );
  t.notMatch(renderer({ output: 'short', ...shown, highlight })(line), '\u001b');
  t.end();
});
