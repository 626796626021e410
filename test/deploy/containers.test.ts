import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { request } from 'node:https';
import { json } from 'node:stream/consumers';
import type { IncomingMessage } from 'node:http';
import jsonPatch from 'fast-json-patch';
import t, { type Test } from 'tap';
import { parse } from 'yaml';
import { review } from '../inject/pods.js';
import { makeCertificate } from '../support/certificate.js';
import { freePorts } from '../support/ports.js';
import { spillway, startParts, untilReady } from '../support/processes.js';
import { linesOf, readNdjson } from '../support/readers.js';
import { curled, Engine, needsCompose, needsEngine } from './engine.js';

interface Manifest {
  metadata: { name: string; annotations?: Record<string, string> };
  spec: {
    hostNetwork?: boolean;
    restartPolicy?: string;
    containers: { args?: string[]; image: string; ports?: unknown }[];
  };
}

const IMAGE = `localhost/spillway-test:${process.pid}`;
const APP = `localhost/spillway-test-app:${process.pid}`;

void t.test(
  'With the image built from this checkout',
  { skip: needsEngine(), timeout: 280_000 },
  async (t) => {
    const engine = new Engine(t);
    engine.build(IMAGE);
    engine.importApp(APP, 'sh', 'sleep');

    await t.test('it is one folder of less than 200 MB that runs as nobody and on a read-only root.', (t) => {
      const size = Number(engine.run('podman', 'image', 'inspect', '--format={{.Size}}', IMAGE));
      t.comment(`figure: image ${Math.round(size / 1e6)} MB`);
      t.ok(size < 200e6, String(size));
      const safe = ['run', '--rm', '--network=none', '--read-only', '--cap-drop=all'];
      t.match(engine.run('podman', ...safe, IMAGE, '--version'), /^\d+\.\d+\.\d+$/);
      const id = engine.run(
        'podman',
        ...safe,
        '--entrypoint=/opt/spillway/bin/node',
        IMAGE,
        '-p',
        'process.getuid()',
      );
      t.equal(id, '65532');
      t.throws(
        () => engine.run('podman', ...safe, '--entrypoint=sh', IMAGE),
        /not found|no such file/,
        'no shell',
      );
      t.end();
    });

    await t.test('the pod of deploy/podman is read with curl from outside.', async (t) => {
      const [publish, subscribe, replay, http, metrics] = await freePorts(5);
      const text = readFileSync(new URL('../../deploy/podman/spillway.yaml', import.meta.url), 'utf8');
      const pod = parse(text) as Manifest;
      pod.metadata.name = `spillway-test-${process.pid}`;
      // In the machine's own network, at ports that are free there.
      pod.spec.hostNetwork = true;
      for (const container of pod.spec.containers) {
        container.image = IMAGE;
        delete container.ports;
      }
      const [consolidator, relay, webtask] = pod.spec.containers.map(({ args = [] }) => args);
      const at = `tcp://127.0.0.1`;
      consolidator?.push(
        `--publish=${at}:${publish}`,
        `--subscribe=${at}:${subscribe}`,
        `--http=127.0.0.1:${metrics}`,
      );
      relay?.push(`--listen=127.0.0.1:${http}`, `--from=${at}:${subscribe} replay=${at}:${replay}`);
      webtask?.splice(1, 0, `--to=${at}:${publish}`);
      webtask?.push('--port=0', '--tick=100');
      engine.play(pod);
      const url = `http://127.0.0.1:${http}`;
      await answering(url);
      await untilReady(url);
      const said = await curled(t, `${url}/v1/logs/tenant/acme/web-1`, /INFO web-1: tick \d+/);
      t.match(said, /INFO web-1: tick \d+: up \d+ s/);
      const health = [
        'exec',
        `${pod.metadata.name}-relay`,
        '/opt/spillway/bin/node',
        '/opt/spillway/health.js',
      ];
      engine.run('podman', ...health, `${url}/healthz`);
      t.throws(
        () => engine.run('podman', ...health, 'http://127.0.0.1:1/'),
        'a check that cannot fail would be none',
      );
    });

    await t.test(
      'a pod that the webhook injected tells from inside what its own image prints.',
      async (t) => {
        const { publish, url } = await startParts(t);
        const pod = {
          apiVersion: 'v1',
          kind: 'Pod',
          metadata: { name: `spillway-injected-${process.pid}`, namespace: 'shop' },
          spec: {
            hostNetwork: true,
            restartPolicy: 'Never',
            containers: [
              {
                name: 'app',
                image: APP,
                command: ['sh', '-c'],
                args: ['echo from inside; echo trouble >&2; exit 3'],
              },
            ],
          },
        };
        const injected = await inject(t, 'wrapper', pod, { folder: engine.folder, publish });
        const reader = await readNdjson(t, `${url}/v1/logs/tenant/shop`);
        engine.play(injected);
        await reader.until((records) => linesOf(records).length >= 2);
        t.match(
          reader.records.filter(({ level }) => level === 30),
          [{ msg: 'from inside', tenant: 'shop', container: `${pod.metadata.name}.app` }],
        );
        t.match(
          reader.records.filter(({ level }) => level === 50),
          [{ msg: 'trouble' }],
        );
        const code = engine.run('podman', 'wait', `${pod.metadata.name}-app`);
        t.equal(code, '3', 'its exit code is its own');
        t.match(
          engine.run('podman', 'logs', `${pod.metadata.name}-app`),
          /from inside/,
          'and the engine has it too',
        );
      },
    );

    await t.test(
      'the sidecar that the webhook puts beside a container reads its files as the node keeps them.',
      async (t) => {
        const { publish, url } = await startParts(t);
        const name = `spillway-native-${process.pid}`;
        const app = { name: 'app', image: APP };
        const pod = {
          apiVersion: 'v1',
          kind: 'Pod',
          metadata: { name, namespace: 'shop' },
          spec: { containers: [app] },
        };
        const injected = await inject(t, 'sidecar', pod, { folder: engine.folder, publish });
        const [sidecar] = (injected.spec as { initContainers?: NativeSidecar[] }).initContainers ?? [];
        t.equal(sidecar?.restartPolicy, 'Always', 'such a container goes on while the others run');
        if (sidecar === undefined) return;
        // podman 4 knows no such containers. It runs this one by hand as its manifest says, over files that podman itself
        // writes where and as a kubelet's engine does.
        const uid = randomUUID();
        const [mount] = sidecar.volumeMounts;
        const files = join(engine.folder, 'pods', mount?.subPathExpr.replace('$(SPILLWAY_UID)', uid) ?? '');
        t.equal(files, join(engine.folder, 'pods', `shop_${name}_${uid}`));
        mkdirSync(join(files, app.name), { recursive: true });
        const { runAsUser } = sidecar.securityContext;
        const safe = [`--user=${runAsUser}`, '--read-only', '--cap-drop=all', '--network=host'];
        const volume = `--volume=${files}:${mount?.mountPath}:ro`;
        const env = `--env=SPILLWAY_UID=${uid}`;
        engine.start(`${name}-sidecar`, [...safe, volume, env, sidecar.image, ...sidecar.args]);
        const log = ['--log-driver=k8s-file', `--log-opt=path=${join(files, app.name, '0.log')}`];
        const command = ['sh', '-c', 'echo from beside; exec sleep 60'];
        engine.start(`${name}-app`, ['--network=none', ...log, app.image, ...command]);
        const said = await curled(t, `${url}/v1/logs/tenant/shop?tail=10`, /from beside/);
        t.match(said, `INFO ${name}.app: from beside`);
      },
    );

    await t.test(
      'what the compose file starts is read with curl, and finds itself through etcd.',
      { skip: needsCompose() },
      async (t) => {
        const name = `spillway-compose-${process.pid}`;
        const etcd = `localhost/${name}-etcd`;
        engine.importApp(etcd, 'etcd');
        const [http, example] = await freePorts(2);
        const text = readFileSync(new URL('../../deploy/compose/compose.yaml', import.meta.url), 'utf8');
        const { services } = parse(text, { merge: true }) as Compose;
        // Their images are in registries only.
        delete services['prometheus'];
        delete services['grafana'];
        const ports: Record<string, string> = { relay: `${http}:8080`, webtask: `${example}:3000` };
        for (const [service, spec] of Object.entries(services)) {
          delete spec.build;
          spec.image = service === 'etcd' ? etcd : IMAGE;
          if (spec.ports !== undefined) spec.ports = [`127.0.0.1:${ports[service]}`];
        }
        services['etcd']?.command.splice(0, 1, '/bin/etcd');
        services['webtask']?.command.push('--tick=100');
        const file = join(engine.folder, 'compose.yaml');
        writeFileSync(file, JSON.stringify({ services }));
        const compose = ['podman-compose', '-p', name, '-f', file] as const;
        t.teardown(() => engine.run(...compose, 'down', '--timeout=1'));
        engine.run(...compose, 'up', '--detach');
        const said = await curled(t, `http://127.0.0.1:${http}/v1/logs/tenant/acme`, /web-1: tick \d+/);
        t.match(said, /INFO web-1: tick \d+: up \d+ s/);
        const hello = engine.run('curl', '-sf', `http://127.0.0.1:${example}/hello?name=you`);
        t.match(hello, /you/, 'the example answers');
      },
    );

    await t.test(
      'spillway-run puts any image under the sidecar, and runs what it would have run.',
      async (t) => {
        const { publish, url } = await startParts(t);
        const reader = await readNdjson(t, `${url}/v1/logs/tenant/acme`);
        const args = ['acme', 'web-1', '--network=host', APP, 'sh', '-c', 'echo wrapped; exit 4'];
        const env = { ...engine.env, ENGINE: 'podman', SPILLWAY_IMAGE: IMAGE, SPILLWAY_TO: publish };
        const { status, stdout } = spawnSync('deploy/compose/spillway-run', args, { env, encoding: 'utf8' });
        t.equal(status, 4);
        t.equal(stdout, 'wrapped\n');
        await reader.until((records) => linesOf(records).length > 0);
        t.match(reader.records, [{ msg: 'wrapped', container: 'web-1' }]);
        const volume = engine.run('podman', 'image', 'inspect', '--format={{.Id}}', IMAGE).slice(0, 12);
        engine.run('podman', 'volume', 'rm', `spillway-${volume}`);
      },
    );
  },
);

interface Compose {
  services: Record<string, { image: string; build?: unknown; command: string[]; ports?: string[] }>;
}

interface NativeSidecar {
  readonly image: string;
  readonly args: readonly string[];
  readonly restartPolicy: string;
  readonly securityContext: { readonly runAsUser: number };
  readonly volumeMounts: readonly { readonly mountPath: string; readonly subPathExpr: string }[];
}

/** The pod as a real webhook makes it. */
async function inject<P extends object>(
  t: Test,
  mode: 'wrapper' | 'sidecar',
  pod: P,
  { folder, publish }: { folder: string; publish: string },
): Promise<P> {
  const { cert, key } = makeCertificate(folder);
  const where = ['--listen', '127.0.0.1:0', '--cert', cert, '--key', key];
  const webhook = spillway(t, ['inject', ...where, '--image', IMAGE, '--to', publish]);
  const { url } = JSON.parse(await webhook.line(/"ready:/)) as { url: string };
  const answer = await admit(`${url}/inject/${mode}`, review(pod), readFileSync(cert));
  return jsonPatch.applyPatch(structuredClone(pod), answer).newDocument;
}

/** Waits until something answers there. */
async function answering(url: string): Promise<void> {
  for (;;) {
    try {
      await fetch(`${url}/healthz`);
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** Asks the webhook as an API server does. */
async function admit(url: string, body: object, ca: Buffer): Promise<jsonPatch.Operation[]> {
  const asked = request(url, {
    method: 'POST',
    ca,
    agent: false,
    headers: { 'Content-Type': 'application/json' },
  });
  asked.end(JSON.stringify(body));
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  const { response } = (await json(answer)) as { response: { patch: string } };
  return JSON.parse(Buffer.from(response.patch, 'base64').toString()) as jsonPatch.Operation[];
}
