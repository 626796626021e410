import t from 'tap';
import { sidecar, startParts } from '../support/processes.js';
import { linesOf, readNdjson } from '../support/readers.js';

const RUNS = 100;

/** So many at a time: each is three processes. */
const AT_ONCE = 4;

void t.test('a container that says one word and ends is heard, 100 times of 100', async (t) => {
  t.setTimeout(280_000);
  const parts = await startParts(t);
  const reader = await readNdjson(t, `${parts.url}/v1/logs/tenant/acme/brief`);
  const words = Array.from({ length: RUNS }, (_, i) => `one ${i}`);
  for (let first = 0; first < RUNS; first += AT_ONCE) {
    const codes = words
      .slice(first, first + AT_ONCE)
      .map((word) => sidecar(t, parts.publish, 'brief', ['echo', word]).ended);
    for (const code of await Promise.all(codes)) if (code !== 0) t.fail(`a sidecar ended with ${code}`);
  }
  await reader.until((records) => records.length >= RUNS);
  t.strictSame(linesOf(reader.records).toSorted(), words.toSorted());
});
