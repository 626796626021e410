import { gunzipSync, gzipSync } from 'node:zlib';
import { pathToFileURL } from 'node:url';
import t from 'tap';
import { createViewerRoute } from '../../relay/viewer-route.js';

const BUILT = new URL('../../dist/relay/viewer/', import.meta.url);
const FILES = ['/', '/main.js', '/worker.js', '/matcher-worker.js', '/style.css', '/favicon.svg'];
const MAX_COMPRESSED = 60 * 1024;

const route = createViewerRoute(BUILT);

void t.test('the whole viewer is at most 60 KB compressed', async (t) => {
  let sum = 0;
  for (const path of FILES) sum += gzipSync(await (await route.request(path)).bytes(), { level: 9 }).length;
  t.comment(`${sum} bytes`);
  t.ok(sum <= MAX_COMPRESSED, `${sum} bytes`);
});

void t.test('each file has its type, and a policy without anything inline or from elsewhere', async (t) => {
  const script = 'text/javascript';
  const types = ['text/html', script, script, script, 'text/css', 'image/svg+xml'];
  for (const [i, path] of FILES.entries()) {
    const { status, headers } = await route.request(path);
    t.equal(status, 200, path);
    t.match(headers.get('Content-Type'), types[i]);
    t.equal(headers.get('X-Content-Type-Options'), 'nosniff');
    const policy = headers.get('Content-Security-Policy') ?? '';
    t.match(policy, "default-src 'none'");
    t.notMatch(policy, /unsafe|https?:|\*|data:/);
  }
});

void t.test('a page has neither inline scripts nor styles, nor anything from another origin', async (t) => {
  const html = await (await route.request('/')).text();
  t.notMatch(html, /<style|style=|<script(?! src)|\son\w+=|https?:\/\//);
});

void t.test('what a browser has is not sent again', async (t) => {
  for (const encoding of ['gzip', 'identity']) {
    const headers = { 'Accept-Encoding': encoding };
    const first = await route.request('/main.js', { headers });
    const etag = first.headers.get('ETag') ?? '';
    t.match(etag, /^"[\w-]{22,}"$/);
    const again = { ...headers, 'If-None-Match': `"other", W/${etag}` };
    t.equal((await route.request('/main.js', { headers: again })).status, 304, encoding);
    const other = { ...headers, 'If-None-Match': '"other"' };
    t.equal((await route.request('/main.js', { headers: other })).status, 200);
  }
});

void t.test('it comes packed to whoever takes that, and is the same', async (t) => {
  const plain = await route.request('/main.js', { headers: { 'Accept-Encoding': 'br, gzip;q=0' } });
  const packed = await route.request('/main.js', { headers: { 'Accept-Encoding': 'br, gzip' } });
  t.equal(plain.headers.get('Content-Encoding'), null);
  t.equal(packed.headers.get('Content-Encoding'), 'gzip');
  t.not(plain.headers.get('ETag'), packed.headers.get('ETag'));
  t.same(gunzipSync(await packed.bytes()), Buffer.from(await plain.bytes()));
});

void t.test('a relay whose viewer was not built says so', async (t) => {
  const unbuilt = createViewerRoute(pathToFileURL(`${t.testdir({})}/`));
  unbuilt.onError((error) => new Response(error.message, { status: 404 }));
  const answer = await unbuilt.request('/');
  t.equal(answer.status, 404);
  t.match(await answer.text(), /npm run build/);
});
