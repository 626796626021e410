import t from 'tap';
import { formatPlace, nameOf, parsePlace, pathOf, streamOf } from '../../relay/viewer/target.js';

void t.test('a stream is written as people write it', async (t) => {
  for (const [word, name] of [
    ['acme', 'tenant/acme'],
    ['acme/web-1', 'tenant/acme/web-1'],
    ['tenant/acme/web-1', 'tenant/acme/web-1'],
    [' /acme/web-1/ ', 'tenant/acme/web-1'],
    ['system', 'system'],
    ['system/scheduler', 'system/scheduler'],
  ] as const) {
    const stream = streamOf(word);
    t.equal(stream && nameOf(stream), name, word);
  }
});

void t.test('what names no stream is none', async (t) => {
  for (const word of [
    '',
    ' ',
    '..',
    'acme/..',
    'a b',
    'a/b/c/d',
    'tenant/a/b/c',
    'https://example.com',
    '<b>',
  ]) {
    t.equal(streamOf(word), undefined, word);
  }
});

void t.test('its address is below the page, whatever stands in front of it', async (t) => {
  const stream = streamOf('acme/web-1');
  t.equal(
    stream && new URL(pathOf(stream), 'https://x.test/logs/').href,
    'https://x.test/logs/v1/logs/tenant/acme/web-1',
  );
});

void t.test('a place goes into the hash and comes back', async (t) => {
  const place = { stream: 'tenant/acme/web-1', at: { key: 'k3f9.2s1', time: '2026-01-01T00:00:00.000Z' } };
  t.same(parsePlace(formatPlace(place)), place);
  t.same(parsePlace('#acme'), { stream: 'tenant/acme' });
});

void t.test('a forged hash leads nowhere else', async (t) => {
  for (const hash of ['', '#', '#%2e%2e/%2e%2e', '#javascript:alert(1)', '#https://evil.test', '#%']) {
    t.equal(parsePlace(hash), undefined, hash);
  }
});
