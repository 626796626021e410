import jsonPatch from 'fast-json-patch';
import t from 'tap';
import { inject, readReview, type InjectMode, type InjectSettings } from '../../inject/index.js';
import type { Container, Pod } from '../../inject/pod.js';
import { pod, review, SETTINGS, WEB } from './pods.js';

/** The pod as the API server has it after the patch, applied by another library than the one that made it. */
function injected(
  object: object,
  mode?: InjectMode,
  settings: Partial<InjectSettings> = {},
  request: object = {},
) {
  const answer = inject(readReview(review(object, request)), mode, { ...SETTINGS, ...settings });
  // As JSON, in which no two places are one.
  const copy = JSON.parse(JSON.stringify(object)) as Pod;
  const changed = jsonPatch.applyPatch(copy, answer.patch as jsonPatch.Operation[], true).newDocument;
  return { pod: changed, ...answer };
}

const first = ({ spec }: Pod) => spec.containers[0] as Container;

void t.test('The command of each container is run under the sidecar, its arguments stay.', (t) => {
  const { pod: changed, warnings } = injected(pod(), 'wrapper');
  t.strictSame(first(changed).command, [
    '/opt/spillway/bin/tini',
    '-s',
    '--',
    '/opt/spillway/bin/spillway',
    'sidecar',
    '--tenant=shop',
    '--container=$(SPILLWAY_POD).web',
    '--to=tcp://$(SPILLWAY_NODE):5555',
    '--',
    'node',
    'server.js',
  ]);
  t.strictSame(first(changed).args, WEB.args);
  t.match(first(changed).env, [
    { name: 'SPILLWAY_POD', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
    { name: 'SPILLWAY_NODE', valueFrom: { fieldRef: { fieldPath: 'status.hostIP' } } },
  ]);
  t.match(changed.spec, {
    initContainers: [{ name: 'spillway-wrapper', image: SETTINGS.image }],
    volumes: [{ name: 'spillway', emptyDir: {} }],
  });
  t.strictSame(warnings, []);
  t.end();
});

void t.test('A second injection changes nothing; a container that came in between is wrapped.', (t) => {
  for (const mode of ['wrapper', 'sidecar'] as const) {
    const { pod: once } = injected(pod(), mode);
    t.strictSame(injected(once, mode).patch, [], mode);
  }
  const { pod: once } = injected(pod(), 'wrapper');
  const more = {
    ...once,
    spec: { ...once.spec, containers: [...once.spec.containers, { ...WEB, name: 'mesh' }] },
  };
  const { pod: twice } = injected(more, 'wrapper');
  t.strictSame(twice.spec.containers[0], once.spec.containers[0]);
  t.equal(twice.spec.containers[1]?.command?.[0], '/opt/spillway/bin/tini');
  t.equal(twice.spec.initContainers?.length, 1);
  t.end();
});

void t.test('What a container has already is kept beside what it gets.', (t) => {
  const env = [{ name: 'A', value: '1' }];
  const volumeMounts = [{ name: 'data', mountPath: '/data' }];
  const { pod: changed } = injected(pod({}, { ...WEB, env, volumeMounts }), 'wrapper', {
    to: 'tcp://10.0.0.1:5555',
    env: ['SPILLWAY_REDACT=true'],
  });
  t.strictSame(first(changed).env?.slice(1), [{ name: 'SPILLWAY_REDACT', value: 'true' }, ...env]);
  t.strictSame(first(changed).volumeMounts?.[0], volumeMounts[0]);
  t.end();
});

void t.test(
  'A container whose command or terminal forbids it is left as it is, and its maker told why.',
  (t) => {
    const bare = { name: 'bare', image: 'x' };
    const shell = { ...WEB, name: 'shell', tty: true };
    const { pod: changed, warnings } = injected(pod({}, WEB, bare, shell), 'wrapper');
    t.strictSame(changed.spec.containers.slice(1), [bare, shell]);
    t.match(warnings, [
      /bare is not wrapped: its command is the image's own/,
      /shell is not wrapped: .* terminal/,
    ]);
    t.strictSame(injected(pod({}, bare), 'wrapper').patch, [], 'with nothing to wrap, nothing is added');
    t.end();
  },
);

void t.test('The sidecar is a restarting init container that sees its own pod’s logs.', (t) => {
  const { pod: changed, warnings } = injected(pod({}, { name: 'bare', image: 'x' }), 'sidecar');
  t.match(changed.spec.initContainers, [
    {
      name: 'spillway',
      restartPolicy: 'Always',
      args: ['sidecar', '--source=cri:/var/log/pod', '--pod=shop/$(SPILLWAY_POD)', '--skip=spillway'],
      volumeMounts: [{ subPathExpr: 'shop_$(SPILLWAY_POD)_$(SPILLWAY_UID)', readOnly: true }],
    },
  ]);
  t.strictSame(warnings, []);
  t.end();
});

const LABEL = 'spillway.logs/inject';
const CASES: readonly [string, Record<string, string>, InjectMode | undefined, InjectMode | 'none'][] = [
  ['no label and no annotation', {}, undefined, 'none'],
  ['the namespace’s label', {}, 'sidecar', 'sidecar'],
  ['an annotation', { [LABEL]: 'wrapper' }, undefined, 'wrapper'],
  ['an annotation without a mode', { [LABEL]: 'true' }, undefined, 'wrapper'],
  ['an annotation that differs from the label', { [LABEL]: 'wrapper' }, 'sidecar', 'wrapper'],
  ['an annotation that refuses', { [LABEL]: 'false' }, 'wrapper', 'none'],
  ['a word that is none', { [LABEL]: 'perhaps' }, 'wrapper', 'none'],
  ['the mirror of a static pod', { 'kubernetes.io/config.mirror': 'x' }, 'wrapper', 'none'],
];

for (const [name, annotations, byNamespace, mode] of CASES) {
  void t.test(`By ${name}: ${mode}.`, (t) => {
    const { pod: changed } = injected(pod(annotations), byNamespace);
    const names = { none: undefined, wrapper: 'spillway-wrapper', sidecar: 'spillway' };
    t.equal(changed.spec.initContainers?.[0]?.name, names[mode]);
    t.end();
  });
}

void t.test('An annotation names the containers that are meant.', (t) => {
  const chosen = { 'spillway.logs/containers': 'web, db' };
  const { pod: changed } = injected(pod(chosen, WEB, { ...WEB, name: 'other' }), 'wrapper');
  t.equal(first(changed).command?.[0], '/opt/spillway/bin/tini');
  t.equal(changed.spec.containers[1]?.command?.[0], 'node');
  const { pod: beside } = injected(pod(chosen), 'sidecar');
  t.ok(beside.spec.initContainers?.[0]?.args?.includes('--only=web,db'));
  t.end();
});

void t.test('A pod says whose logs they are only where it is trusted to.', (t) => {
  const claim = pod({ 'spillway.logs/tenant': 'acme' });
  const tenant = (trustTenant: boolean) =>
    first(injected(claim, 'wrapper', { trustTenant }).pod).command?.[5];
  t.equal(tenant(false), '--tenant=shop');
  t.equal(tenant(true), '--tenant=acme');
  const bad = injected(pod({ 'spillway.logs/tenant': '$(PATH)/x' }), 'wrapper', { trustTenant: true });
  t.strictSame(bad.patch, []);
  t.match(bad.warnings, [/a tenant has 1 to 128/]);
  t.end();
});

void t.test('A name that the pod has already is written out, and no variable is needed for it.', (t) => {
  const named = { ...pod(), metadata: { name: 'web-0', namespace: 'shop' } };
  const { pod: changed } = injected(named, 'wrapper', { to: 'tcp://10.0.0.1:5555' });
  t.ok(first(changed).command?.includes('--container=web-0.web'));
  t.strictSame(first(changed).env, []);
  t.end();
});

void t.test('With a secret of keys, the sidecar speaks CURVE.', (t) => {
  for (const mode of ['wrapper', 'sidecar'] as const) {
    const { pod: changed } = injected(pod(), mode, { sidecarSecret: 'keys' });
    const { containers, initContainers = [], volumes = [] } = changed.spec;
    const spillway = (mode === 'wrapper' ? containers : initContainers)[0] as Container;
    t.match(volumes.at(-1), { name: 'spillway-keys', secret: { secretName: 'keys' } });
    t.match(spillway.volumeMounts?.at(-1), { name: 'spillway-keys', mountPath: '/etc/spillway/keys' });
    t.ok(spillway.env?.some(({ value }) => value === '/etc/spillway/keys/sidecar.key'));
  }
  t.end();
});

void t.test('Names that make no topic would keep the container from starting: it is left as it is.', (t) => {
  const long = { ...pod(), metadata: { name: 'n'.repeat(130), namespace: 'shop' } };
  t.match(injected(long, 'wrapper'), { patch: [], warnings: [/too long together/] });
  t.end();
});

void t.test('What is no new pod, or of the system’s namespaces, is never touched.', (t) => {
  const others = [
    { namespace: 'kube-system' },
    { namespace: 'kube-node-lease' },
    { namespace: 'logging' },
    { operation: 'UPDATE' },
    { subResource: 'ephemeralcontainers' },
    { kind: { group: 'apps', kind: 'Deployment' } },
  ];
  for (const request of others) {
    const { patch, warnings } = injected(
      pod({ [LABEL]: 'wrapper' }),
      'wrapper',
      { excludeNamespaces: ['logging'] },
      request,
    );
    t.strictSame([patch, warnings], [[], []], JSON.stringify(request));
  }
  t.end();
});

void t.test('A dry run has the same answer.', (t) => {
  t.strictSame(injected(pod(), 'wrapper', {}, { dryRun: true }).patch, injected(pod(), 'wrapper').patch);
  t.end();
});

for (const object of [
  null,
  {},
  { spec: {} },
  { spec: { containers: 'x' } },
  { spec: { containers: [{ name: 1 }] } },
  pod({}, { name: 'a', command: [1] }),
  { ...pod(), metadata: { labels: { a: 1 } } },
]) {
  void t.test(`An object that is no pod is left to the API server: ${JSON.stringify(object)}.`, (t) => {
    const { patch, warnings } = inject(readReview(review(object)), 'wrapper', SETTINGS);
    t.strictSame([patch, warnings], [[], []]);
    t.end();
  });
}
