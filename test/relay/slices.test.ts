import t from 'tap';
import { Slices } from '../../relay/slices.js';

void t.test(
  'one slice a turn: whoever has long work, the event loop goes on, and so do others',
  async (t) => {
    const slices = new Slices();
    const steps: string[] = [];
    let turns = 0;
    let over = false;
    const count = () => {
      turns += 1;
      if (!over) setImmediate(count);
    };
    setImmediate(count);
    const work = async (name: string, rounds: number) => {
      for (let i = 0; i < rounds; i += 1) {
        await slices.next();
        while (!slices.isOver);
        steps.push(name);
      }
    };
    await Promise.all([work('a', 3), work('b', 1), work('c', 2)]);
    over = true;
    t.strictSame(steps, ['a', 'b', 'c', 'a', 'c', 'a']);
    t.ok(turns >= 5, `${turns} turns`);
  },
);
