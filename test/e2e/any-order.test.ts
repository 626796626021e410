import t, { type Test } from 'tap';
import { freePorts } from '../support/ports.js';
import { droppedOf, linesOf, readNdjson, type NdjsonReader } from '../support/readers.js';
import { sidecar, startConsolidatorProcess, startRelayProcess } from '../support/processes.js';

/** Prints a numbered line every 20 ms until it is told to stop. */
const TICKER = `let i=0; setInterval(()=>console.log('tick '+i++),20)`;

function ticker(t: Test, publish: string) {
  return sidecar(t, publish, 'web-1', [process.execPath, '-e', TICKER]);
}

/** Whether the lines and the drops that were told add up to the numbers from the first line to `upTo`. */
function isAccounted(records: readonly Record<string, unknown>[], upTo: string): boolean {
  const lines = linesOf(records);
  const seen = lines.slice(0, lines.indexOf(upTo) + 1);
  return seen.length + droppedOf(records) === numberOf(upTo) - numberOf(seen[0] as string) + 1;
}

function numberOf(line: string): number {
  return Number(line.slice('tick '.length));
}

/** Something new has come: the parts have found each other again. */
async function untilMore(reader: NdjsonReader): Promise<void> {
  const before = linesOf(reader.records).length;
  await reader.until((records) => linesOf(records).length > before);
}

void t.test('a reader goes on by itself when the consolidator is killed and comes back', async (t) => {
  const [publishPort, subscribePort] = await freePorts(2);
  const publish = `tcp://127.0.0.1:${publishPort}`;
  const subscribe = `tcp://127.0.0.1:${subscribePort}`;

  // The sidecar and the relay first: nothing crashes for want of a consolidator.
  const ticking = ticker(t, publish);
  const relay = await startRelayProcess(t, subscribe);
  const reader = await readNdjson(t, `${relay.url}/v1/logs/tenant/acme`);
  for (let round = 0; round < 3; round += 1) {
    const { part } = await startConsolidatorProcess(t, publish, subscribe);
    await untilMore(reader);
    t.equal(await part.stop('SIGKILL'), 'SIGKILL');
  }
  await startConsolidatorProcess(t, publish, subscribe);
  await untilMore(reader);

  // Losses of one second are told together, so the last notice may come after lines that follow it: what is missing up to
  // the first line of the last consolidator is told in time, or this waits for ever.
  const upTo = linesOf(reader.records).at(-1) as string;
  await reader.until((records) => isAccounted(records, upTo));
  t.pass('what was lost with the consolidators was told, to the record');
  t.equal(ticking.child.exitCode, null, 'the sidecar never noticed more than a pause');
});

void t.test('a sidecar that is killed leaves its reader waiting for the next one', async (t) => {
  const consolidator = await startConsolidatorProcess(t);
  const relay = await startRelayProcess(t, consolidator.subscribe);
  const reader = await readNdjson(t, `${relay.url}/v1/logs/tenant/acme`);
  for (let round = 0; round < 2; round += 1) {
    const ticking = ticker(t, consolidator.publish);
    await untilMore(reader);
    await ticking.stop('SIGKILL');
  }
  t.ok(linesOf(reader.records).includes('tick 0'));
});

void t.test('a relay that is killed and started again is served by what is there', async (t) => {
  const consolidator = await startConsolidatorProcess(t);
  ticker(t, consolidator.publish);
  for (let round = 0; round < 2; round += 1) {
    const relay = await startRelayProcess(t, consolidator.subscribe);
    const reader = await readNdjson(t, `${relay.url}/v1/logs/tenant/acme/web-1`);
    await untilMore(reader);
    await relay.part.stop('SIGKILL');
  }
});
