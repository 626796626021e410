import t from 'tap';
import { between, trailOf } from '../../../cli/doctor/trail.js';

const sent = [0, 100, 200, 300, 400];

void t.test('A trail is how long those took that came.', (t) => {
  t.strictSame(trailOf(sent, [3, 102, undefined, 309, 401]), {
    came: 4,
    sent: 5,
    median: 2,
    worst: 9,
    isClumped: false,
  });
  t.strictSame(trailOf(sent, []), {
    came: 0,
    sent: 5,
    median: undefined,
    worst: undefined,
    isClumped: false,
  });
  t.end();
});

void t.test(
  'What is sent one by one and comes in lumps is held back; what is merely far away is not.',
  (t) => {
    t.equal(trailOf(sent, [800, 801, 801, 802, 802]).isClumped, true, 'all at once');
    t.equal(trailOf(sent, [250, 251, 252, 650, 651]).isClumped, true, 'in two lumps');
    t.equal(trailOf(sent, [800, 900, 1000, 1100, 1200]).isClumped, false, 'late, one by one');
    t.equal(trailOf([0, 1, 2, 3], [5, 5, 6, 6]).isClumped, false, 'too fast to tell');
    t.equal(trailOf(sent, [2, 102, 330, 331, 402]).isClumped, false, 'a hiccup');
    t.end();
  },
);

void t.test('The way between two places is of what both saw, and never negative.', (t) => {
  t.equal(between([10, undefined, 30], [15, 20, 33]), 3);
  t.equal(between([10], [9]), 0);
  t.equal(between([], []), undefined);
  t.end();
});
