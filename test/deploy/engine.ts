import { spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Test } from 'tap';
import { needs } from '../support/programs.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export const needsEngine = () =>
  needs('podman', [
    'sh',
    '-c',
    'command -v podman && command -v runc && command -v catatonit && command -v patchelf && command -v tini-static',
  ]);

/** Names of containers must resolve in a network of podman's, which is a plugin's work. */
export const needsCompose = () =>
  needs('podman-compose', [
    'sh',
    '-c',
    'command -v podman-compose && command -v etcd && { test -x /usr/lib/cni/dnsname || test -x /usr/lib/podman/aardvark-dns; }',
  ]);

/** What an engine without CAP_SYS_RESOURCE and with hybrid cgroups needs; also where no option can be given. */
const CONF = `
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]
log_driver = "k8s-file"
[engine]
runtime = "runc"
`;

/** podman, with images and pods of this test alone. */
export class Engine {
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  readonly #t: Test;

  constructor(t: Test) {
    this.#t = t;
    this.folder = mkdtempSync(join(tmpdir(), 'spillway-deploy-'));
    t.teardown(() => rmSync(this.folder, { recursive: true }));
    const conf = join(this.folder, 'containers.conf');
    writeFileSync(conf, CONF);
    this.env = { ...process.env, CONTAINERS_CONF: conf };
  }

  /** Runs a program to its end. @throws {Error} with what it said, where it fails */
  run(program: string, ...args: string[]): string {
    const { status, stdout, stderr } = spawnSync(program, args, {
      encoding: 'utf8',
      cwd: ROOT,
      env: this.env,
    });
    if (status !== 0)
      throw new Error(`${program} ${args.join(' ')} ended with ${status}:\n${stdout}${stderr}`);
    return stdout.trim();
  }

  /** Builds the image as an operator does; it goes with the test. */
  build(name: string): void {
    this.run('deploy/image/build.sh', name);
    this.#t.teardown(() => spawnSync('podman', ['rmi', '--force', name], { env: this.env }));
  }

  /** An image with a shell and next to nothing else: somebody's application. */
  importApp(name: string, ...programs: string[]): void {
    const root = join(this.folder, 'rootfs');
    for (const folder of ['bin', 'dev', 'etc', 'proc', 'sys', 'tmp'])
      mkdirSync(join(root, folder), { recursive: true });
    for (const program of programs) {
      const path = realpathSync(this.run('sh', '-c', `command -v ${program}`));
      cpSync(path, join(root, 'bin', program));
      for (const [library] of this.run('ldd', path).matchAll(/\/[^ )\n]+/g)) {
        const place = join(root, library);
        if (existsSync(place)) continue;
        mkdirSync(dirname(place), { recursive: true });
        cpSync(realpathSync(library), place);
      }
    }
    const archive = join(this.folder, 'rootfs.tar');
    this.run('tar', '-C', root, '-cf', archive, '.');
    this.run('podman', 'import', '--quiet', archive, name);
    this.#t.teardown(() => spawnSync('podman', ['rmi', '--force', name], { env: this.env }));
  }

  /** Starts a container in the background; it goes with the test. */
  start(name: string, words: readonly string[]): void {
    this.#t.teardown(() => spawnSync('podman', ['rm', '--force', '--time=0', name], { env: this.env }));
    this.run('podman', 'run', '--detach', '--name', name, ...words);
  }

  /** Runs a pod's manifest; the pod goes with the test. */
  play(pod: { readonly metadata: { readonly name: string } }): void {
    const { name } = pod.metadata;
    const file = join(this.folder, `${name}.yaml`);
    writeFileSync(file, JSON.stringify(pod));
    this.#t.teardown(() =>
      spawnSync('podman', ['pod', 'rm', '--force', '--time=0', name], { env: this.env }),
    );
    this.run('podman', 'kube', 'play', file);
  }
}

/** What curl has said of a stream by the time that it matches. It asks again while nobody answers. */
export async function curled(t: Test, url: string, pattern: RegExp): Promise<string> {
  const curl = spawn('curl', ['-sN', '--retry', '100', '--retry-delay', '1', '--retry-all-errors', url], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  t.teardown(() => curl.kill('SIGKILL'));
  let said = '';
  for await (const chunk of curl.stdout) {
    said += String(chunk);
    if (pattern.test(said)) break;
  }
  return said;
}
