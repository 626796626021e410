import t from 'tap';
import { LEVELS, parseLevel } from '../../wire/index.js';

void t.test('a level is given by name, in any case, or by number', async (t) => {
  for (const [name, level] of Object.entries(LEVELS)) {
    t.equal(parseLevel(name), level, name);
    t.equal(parseLevel(name.toUpperCase()), level, name.toUpperCase());
    t.equal(parseLevel(String(level)), level, String(level));
  }
  t.equal(parseLevel('35'), 35, 'loggers may use numbers between');
  t.equal(parseLevel('1'), 1);
  t.equal(parseLevel('99'), 99);
});

void t.test('anything else is no level', async (t) => {
  const others = ['', ' ', 'loud', 'warning!', '0', '030', '-10', '100', '3e1', '30.0', ' 30', '30\n'];
  for (const text of [...others, 'constructor', 'toString', '__proto__']) {
    t.equal(parseLevel(text), undefined, JSON.stringify(text));
  }
});
