import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram, freePort, startServer, temporaryFolder, type Peer } from './peer.js';
import { startPublished } from './proxied.js';

const MODULE = '/usr/lib/nginx/modules/ngx_nchan_module.so';

/** Directives that matter; the rest is where its files go. */
const HTTP = [
  'access_log off;',
  'tcp_nodelay on;',
  'keepalive_requests 100000000;',
  'nchan_shared_memory_size 512M;',
];
const PUBLISHER = ['nchan_publisher;', 'nchan_message_buffer_length 20000;', 'nchan_message_timeout 60s;'];
const SUBSCRIBER = ['nchan_subscriber eventsource;', 'nchan_subscriber_first_message newest;'];

export const nchan: Peer = {
  name: 'nchan',
  asItComes: true,
  setup: 'nginx with nchan, one worker: it speaks SSE itself',
  install: 'bench/peers/install.sh nchan',
  configuration: [
    'worker_processes 1, as the relay is one process',
    ...[...HTTP, ...PUBLISHER, ...SUBSCRIBER].map((directive) => directive.slice(0, -1)),
    'a record is a message, since an event is one; published over one kept connection',
  ],
  isHere: () => findProgram('nginx') !== undefined && existsSync(MODULE),
  async start(scope) {
    const port = await freePort();
    const folder = temporaryFolder(scope);
    const file = join(folder, 'nginx.conf');
    writeFileSync(file, configFor(folder, port));
    const { pid } = await startServer(scope, 'nginx', ['-p', folder, '-e', 'stderr', '-c', file], port);
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1');
    const worker = Number(children.trim().split(' ')[0]);
    const running = await startPublished(scope, { bus: 'nchan', ports: [port] }, { nginx: worker });
    return { ...running, port, path: '/subscribe', server: worker };
  },
};

function configFor(folder: string, port: number): string {
  const kinds = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `${process.getuid?.() === 0 ? 'user root;' : ''}
load_module ${MODULE};
daemon off;
worker_processes 1;
pid ${folder}/pid;
error_log stderr error;
events { worker_connections 15000; }
http {
${kinds.map((kind) => `  ${kind}_temp_path ${folder}/${kind};`).join('\n')}
  ${HTTP.join('\n  ')}
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location = /publish { nchan_channel_id logs; ${PUBLISHER.join(' ')} }
    location = /subscribe { nchan_channel_id logs; ${SUBSCRIBER.join(' ')} }
  }
}
`;
}
