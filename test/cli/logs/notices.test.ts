import t from 'tap';
import { describeBye, describeDrop, describeStatus, keepaliveOf } from '../../../cli/logs/notices.js';

const drop = (data: object) => describeDrop(JSON.stringify(data));

void t.test('A drop says how many, where and why.', (t) => {
  const why = { reason: 'consumer-overflow', hop: 'relay' };
  t.equal(
    drop({ count: 12, ...why }),
    '12 records dropped in the relay: this reader was too slow for its buffer',
  );
  t.equal(
    drop({ count: 1, ...why }),
    '1 record dropped in the relay: this reader was too slow for its buffer',
  );
  t.equal(
    drop({ count: 3, reason: 'transit', hop: 'consolidator', of: 'stream' }),
    '3 records dropped on the way to the consolidator: lost on the link (counted before the filter)',
  );
  t.match(drop({ count: null, reason: 'transit', hop: 'relay' }), 'nobody knows how much');
  t.match(drop({ count: null, sources: 2 }), '2 sources fell silent');
  t.equal(drop({ count: 1, hop: '\u001b[2J', reason: 5 }), '1 record dropped at ␛[2J: an unknown reason');
  for (const odd of ['', 'null', '[]', '5', '{}', '{broken']) t.match(describeDrop(odd), 'missing', odd);
  t.end();
});

void t.test('A status tells how often a silent relay says that it lives.', (t) => {
  t.equal(keepaliveOf('{"keepalive":2000}'), 2000);
  for (const odd of ['', '{}', '{"keepalive":0}', '{"keepalive":"1"}'])
    t.equal(keepaliveOf(odd), undefined, odd);
  t.end();
});

void t.test('Status and farewell are sentences, whatever a relay says.', (t) => {
  const stream = 'tenant/acme/';
  const status = (consolidators: unknown) => describeStatus(JSON.stringify({ stream, consolidators }));
  t.equal(status(2), 'reading tenant/acme/ from 2 consolidators');
  t.equal(status(1), 'reading tenant/acme/ from 1 consolidator');
  t.equal(status(0), 'reading tenant/acme/; waiting, for the relay is connected to no consolidator yet');
  t.equal(status('x'), 'reading tenant/acme/');
  t.equal(describeStatus('?'), 'reading the stream');
  t.equal(describeBye('{"reason":"shutdown"}'), 'the relay is shutting down');
  t.equal(
    describeBye('{"reason":"overflow"}'),
    'the relay ended the stream: this reader was too slow for its buffer',
  );
  t.equal(describeBye('{"reason":"token\\u001b"}'), 'the relay ended the stream: token␛');
  t.equal(describeBye(''), 'the relay ended the stream');
  t.end();
});
