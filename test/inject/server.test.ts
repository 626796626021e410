import { once } from 'node:events';
import { readFileSync, renameSync } from 'node:fs';
import { request } from 'node:https';
import { text } from 'node:stream/consumers';
import { join } from 'node:path';
import { connect } from 'node:tls';
import type { IncomingMessage } from 'node:http';
import t, { type Test } from 'tap';
import { startInjectServer, type InjectServer } from '../../inject/index.js';
import { makeCertificate, needsOpenssl } from '../support/certificate.js';
import { pod, review, SETTINGS } from './pods.js';

async function start(t: Test, hooks: Parameters<typeof startInjectServer>[1] = {}) {
  const folder = t.testdir();
  const files = makeCertificate(folder);
  const server = await startInjectServer(
    { ...SETTINGS, ...files, host: '127.0.0.1', port: 0, certificateIntervalMs: 20 },
    hooks,
  );
  t.teardown(() => server.close());
  return { server, folder, files };
}

async function post({ url }: InjectServer, path: string, body: string, ca: Buffer) {
  const headers = { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) };
  const asked = request(new URL(path, url), { method: 'POST', headers, ca, agent: false });
  asked.end(body);
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  return { status: response.statusCode, body: JSON.parse(await text(response)) as Record<string, unknown> };
}

void t.test('The webhook', { skip: needsOpenssl() }, async (t) => {
  await t.test('answers a review over TLS with a patch, by the path that asks.', async (t) => {
    const answers: unknown[] = [];
    const { server, files } = await start(t, { onAnswer: (about) => answers.push(about) });
    const ca = readFileSync(files.cert);
    for (const [path, isPatched] of [
      ['/inject/wrapper', true],
      ['/inject/asked', false],
    ] as const) {
      const { status, body } = await post(server, path, JSON.stringify(review(pod())), ca);
      t.equal(status, 200);
      t.match(body, {
        apiVersion: 'admission.k8s.io/v1',
        kind: 'AdmissionReview',
        response: { uid: review({}).request.uid, allowed: true },
      });
      const { patch, patchType } = body['response'] as { patch?: string; patchType?: string };
      t.equal(patchType, isPatched ? 'JSONPatch' : undefined);
      t.equal(patch !== undefined && Buffer.from(patch, 'base64').toString().includes('/spec/'), isPatched);
    }
    t.match(answers, [{ namespace: 'shop', changed: true }]);
    t.strictSame(server.stats, { injected: 1, left: 1, refused: 0, failed: 0 });
  });

  await t.test('says what is wrong with what is no review, and goes on.', async (t) => {
    const { server, files } = await start(t);
    const ca = readFileSync(files.cert);
    const old = { ...review(pod()), apiVersion: 'admission.k8s.io/v1beta1' };
    const bodies = [
      '',
      '{',
      '[]',
      '{"kind":"AdmissionReview"}',
      JSON.stringify(old),
      JSON.stringify({ ...old, apiVersion: 'admission.k8s.io/v1', request: {} }),
    ];
    for (const body of bodies) {
      const answer = await post(server, '/inject/wrapper', body, ca);
      t.equal(answer.status, 400, body);
      t.match(answer.body, { title: 'Malformed review', detail: /.+/ });
    }
    t.equal((await post(server, '/elsewhere', '{}', ca)).status, 404);
    t.equal((await post(server, '/inject/wrapper', JSON.stringify(review(pod())), ca)).status, 200);
    t.equal(server.stats.refused, bodies.length);
  });

  await t.test('threat: a body longer than any review is neither read nor taken for a fault.', async (t) => {
    const faults: Error[] = [];
    const { server, files } = await start(t, { onError: (error) => faults.push(error) });
    const ca = readFileSync(files.cert);
    const headers = { 'Content-Length': 8 * 1024 * 1024 + 1 };
    const asked = request(new URL('/inject/wrapper', server.url), {
      method: 'POST',
      headers,
      ca,
      agent: false,
    });
    asked.flushHeaders();
    const [response] = (await once(asked, 'response')) as [IncomingMessage];
    t.equal(response.statusCode, 413);
    t.match(JSON.parse(await text(response)), {
      title: 'Review too large',
      status: 413,
      detail: /longer than 8388608 bytes/,
    });
    asked.destroy();
    t.strictSame(faults, []);
    t.equal(server.stats.refused, 1);
    t.equal((await post(server, '/inject/wrapper', JSON.stringify(review(pod())), ca)).status, 200);
  });

  await t.test(
    'takes a certificate that was renewed, and keeps the old one while the files do not fit.',
    async (t) => {
      const problems: Error[] = [];
      const waiting = { change: () => {}, problem: () => {} };
      const changed = new Promise<void>((resolve) => (waiting.change = resolve));
      const told = new Promise<void>((resolve) => (waiting.problem = resolve));
      const { server, folder, files } = await start(t, {
        onCertificate: () => waiting.change(),
        onError: (error) => {
          problems.push(error);
          waiting.problem();
        },
      });
      const subject = async () => {
        const socket = connect({
          port: Number(new URL(server.url).port),
          host: '127.0.0.1',
          rejectUnauthorized: false,
        });
        await once(socket, 'secureConnect');
        const { subject } = socket.getPeerCertificate();
        socket.destroy();
        return subject.CN;
      };
      t.equal(await subject(), 'tls');
      const next = makeCertificate(folder, 'next');
      renameSync(next.cert, files.cert);
      await told;
      t.match(problems, [{ code: 'certificate', message: /cannot be used/ }]);
      t.equal(await subject(), 'tls');
      renameSync(next.key, files.key);
      await changed;
      t.equal(await subject(), 'next');
      t.equal(problems.length, 1, 'it is told of once');
    },
  );

  await t.test('does not start with a certificate that it cannot use.', async (t) => {
    const files = { cert: join(t.testdir({ x: 'no PEM' }), 'x'), key: '/nowhere' };
    await t.rejects(startInjectServer({ ...SETTINGS, ...files, host: '127.0.0.1', port: 0 }), {
      code: 'certificate',
    });
  });
});
