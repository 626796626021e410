import t from 'tap';
import { startRelay } from '../../relay/index.js';

/** The first bytes of a stream, up to the first `dropped` event or what stands in for it. */
async function beginning(url: string, headers: Record<string, string>): Promise<string> {
  const abort = new AbortController();
  const { body } = await fetch(url, { headers, signal: abort.signal });
  const reader = (body as ReadableStream<Uint8Array>).getReader();
  const decoder = new TextDecoder();
  let text = '';
  while (!/dropped.*\n/.test(text)) text += decoder.decode((await reader.read()).value, { stream: true });
  abort.abort();
  return text;
}

void t.test(
  'a reader that returns from where nobody can ask is told that what passed is missing',
  async (t) => {
    const relay = await startRelay({ from: [], port: 0 });
    t.teardown(() => relay.close());
    const url = `${relay.url}/v1/logs/tenant/acme`;
    const Accept = 'text/event-stream';
    const cursor = { Accept, 'Last-Event-ID': '1~abcdefgh.10' };
    const [sse, garbage, ndjson] = await Promise.all([
      beginning(url, cursor),
      beginning(`${url}?lastEventId=whatever`, { Accept }),
      beginning(`${url}?format=ndjson&lastEventId=1~abcdefgh.10`, {}),
    ]);
    t.match(sse, /event: dropped\ndata: \{"count":null/);
    t.match(garbage, /event: dropped\ndata: \{"count":null/);
    t.match(ndjson, /"name":"spillway".*while this reader was away/);
  },
);
