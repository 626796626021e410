import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import t from 'tap';
import { Consumer } from '../../relay/consumer.js';
import { ENCODERS } from '../../relay/encode/index.js';
import { createFilter } from '../../relay/filter.js';
import { CONSUMER_OVERFLOW_POLICIES } from '../../relay/options.js';
import { View } from '../../relay/view.js';
import { batchOf, CONSUMER_OPTIONS, numberedLines, TwinConnection, TwinHost } from '../support/relay.js';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const BATCHES = 500;
const BATCH = 10;

for (const overflow of CONSUMER_OVERFLOW_POLICIES) {
  void t.test(
    `a stalled consumer that is to ${overflow} holds its mark of the chain, and no more`,
    async (t) => {
      const view = new View(ENCODERS.ndjson, createFilter({}));
      const connection = new TwinConnection();
      const consumer = new Consumer(
        view,
        connection,
        { ...CONSUMER_OPTIONS, hwm: 50, overflow },
        new TwinHost(),
      );
      const links: WeakRef<object>[] = [];
      for (let i = 0; i < BATCHES; i += 1) {
        view.append(batchOf(numberedLines(i * BATCH, BATCH)), 0, '');
        links.push(new WeakRef(view.end.link.chunk));
        consumer.pump();
        consumer.enforce();
        view.forgetSpans();
        // What a WeakRef was made of lives to the end of the turn.
        if (i % 50 === 0) await new Promise(setImmediate);
      }
      await new Promise(setImmediate);
      collect();
      const alive = links.filter((link) => link.deref() !== undefined).length;
      // Its mark, what it writes, and the view's end.
      t.ok(alive <= 50 / BATCH + 3, `${alive} of ${BATCHES} chunks are held`);
      t.ok(connection.ended || consumer.balance.dropped >= BATCHES * BATCH - 70);
      t.equal(view.records, BATCHES * BATCH);
    },
  );
}
