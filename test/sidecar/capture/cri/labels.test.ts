import t from 'tap';
import { labelsIn, labelsOf, topicNames } from '../../../../sidecar/capture/cri/labels.js';

const LABELS = { namespace: 'shop', pod: 'web-7d9f-x', container: 'app' };

void t.test('A path of Kubernetes says namespace, pod and container.', (t) => {
  t.strictSame(labelsOf('/var/log/pods/shop_web-7d9f-x_0a1b-2c/app/3.log'), LABELS);
  t.strictSame(labelsOf(`/var/log/containers/web-7d9f-x_shop_app-${'0a'.repeat(32)}.log`), LABELS);
  t.end();
});

for (const path of ['/x.log', 'x.log', '/a/b/0.log', '/var/log/containers/a_b_c.log', '/a_b/c/0.log']) {
  void t.test(`${path} says nothing.`, (t) => {
    t.equal(labelsOf(path), undefined);
    t.end();
  });
}

void t.test("In a mount of one pod's own folder, the folder is the container and the pod was told.", (t) => {
  t.strictSame(labelsIn('shop/web-7d9f-x', '/var/log/pod/app/3.log'), LABELS);
  for (const pod of [undefined, '', 'shop', '/web', 'shop/'])
    t.equal(labelsIn(pod, '/var/log/pod/app/3.log'), undefined, String(pod));
  t.end();
});

void t.test('They make a topic, whatever is in a name.', (t) => {
  t.strictSame(topicNames(LABELS), { tenant: 'shop', container: 'web-7d9f-x.app' });
  t.strictSame(topicNames({ namespace: 'a/b', pod: 'p', container: 'c d' }), {
    tenant: 'a-b',
    container: 'p.c-d',
  });
  t.end();
});
