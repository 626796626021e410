import t from 'tap';
import { isLoopbackEndpoint, isLoopbackHost } from '../../cluster/loopback.js';
import { startConsolidator } from '../../consolidator/index.js';
import { startRelay } from '../../relay/index.js';

void t.test('what only this machine reaches is told from what others reach', async (t) => {
  for (const host of ['127.0.0.1', '127.9.9.9', '::1', 'localhost']) t.ok(isLoopbackHost(host), host);
  for (const host of ['0.0.0.0', '::', '10.0.0.1', '*', '', 'localhost.example', '127.0.0.1.example']) {
    t.notOk(isLoopbackHost(host), host);
  }
  for (const endpoint of ['tcp://127.0.0.1:5555', 'tcp://[::1]:*', 'ipc:///tmp/x', 'inproc://x']) {
    t.ok(isLoopbackEndpoint(endpoint), endpoint);
  }
  for (const endpoint of [
    'tcp://*:5555',
    'tcp://0.0.0.0:5555',
    'tcp://eth0:5555',
    'tcp://[::]:1',
    'udp://127.0.0.1:1',
  ]) {
    t.notOk(isLoopbackEndpoint(endpoint), endpoint);
  }
});

void t.test('no part opens to the network unless it is told to in so many words', async (t) => {
  const own = 'tcp://127.0.0.1:*';
  await t.rejects(startRelay({ from: [], host: '0.0.0.0', port: 0 }), {
    code: 'insecure',
    message: /--insecure/,
  });
  await t.rejects(startConsolidator({ publish: 'tcp://0.0.0.0:*', subscribe: own }), { code: 'insecure' });
  await t.rejects(startConsolidator({ publish: own, subscribe: 'tcp://*:*' }), { code: 'insecure' });
  const relay = await startRelay({ from: [], host: '0.0.0.0', port: 0, insecure: true });
  await relay.close();
});
