import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Test } from 'tap';
import { needs } from '../support/programs.js';

export const needsPodman = () => needs('podman', ['sh', '-c', 'command -v podman && command -v runc']);

const IMAGE = `spillway-test-${process.pid}`;
const PROGRAMS = ['sh', 'cat', 'head', 'mkfifo', 'sleep', 'tr'];
/** Works without CAP_SYS_RESOURCE and with hybrid cgroups, where crun does not. */
const RUN = [
  '--network=none',
  '--ulimit=nofile=1024:1024',
  '--ulimit=nproc=4096:4096',
  '--log-driver=k8s-file',
] as const;

/** Containers of an image that has a shell and next to nothing else; what is made here goes with the test. */
export class Podman {
  readonly folder: string;
  readonly socket: string;
  readonly #t: Test;
  #count = 0;

  static async start(t: Test): Promise<Podman> {
    const folder = mkdtempSync(join(tmpdir(), 'spillway-podman-'));
    t.teardown(() => rmSync(folder, { recursive: true }));
    const podman = new Podman(t, folder);
    podman.#importImage();
    await podman.#serve();
    return podman;
  }

  private constructor(t: Test, folder: string) {
    this.#t = t;
    this.folder = folder;
    this.socket = join(folder, 'engine.sock');
  }

  /** A container that is not started. Answers its name and its log in the CRI format. */
  create(script: string, ...options: string[]): { name: string; log: string } {
    this.#count += 1;
    const name = `${IMAGE}-${this.#count}`;
    const log = join(this.folder, `${name}.log`);
    this.run(
      'create',
      '--name',
      name,
      ...RUN,
      '--log-opt',
      `path=${log}`,
      ...options,
      IMAGE,
      'sh',
      '-c',
      script,
    );
    this.#t.teardown(() => spawnSync('podman', ['rm', '--force', '--time=0', name]));
    return { name, log };
  }

  run(...args: string[]): string {
    const { status, stdout, stderr } = spawnSync('podman', ['--runtime', 'runc', ...args], {
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`podman ${args.join(' ')} ended with ${status}: ${stderr}`);
    return stdout.trim();
  }

  #importImage(): void {
    const root = join(this.folder, 'rootfs');
    for (const name of ['bin', 'dev', 'etc', 'proc', 'sys', 'tmp'])
      mkdirSync(join(root, name), { recursive: true });
    for (const program of PROGRAMS) {
      const path = spawnSync('sh', ['-c', `command -v ${program}`], { encoding: 'utf8' }).stdout.trim();
      cpSync(realpathSync(path), join(root, 'bin', program));
      const { stdout } = spawnSync('ldd', [realpathSync(path)], { encoding: 'utf8' });
      for (const [library] of stdout.matchAll(/\/[^ )\n]+/g)) {
        const place = join(root, library);
        if (existsSync(place)) continue;
        mkdirSync(dirname(place), { recursive: true });
        cpSync(realpathSync(library), place);
      }
    }
    const archive = join(this.folder, 'rootfs.tar');
    spawnSync('tar', ['-C', root, '-cf', archive, '.']);
    this.run('import', '--quiet', archive, IMAGE);
    this.#t.teardown(() => spawnSync('podman', ['rmi', '--force', IMAGE]));
  }

  async #serve(): Promise<void> {
    const service = spawn(
      'podman',
      ['--runtime', 'runc', 'system', 'service', '--time=0', `unix://${this.socket}`],
      {
        stdio: 'ignore',
      },
    );
    this.#t.teardown(async () => {
      service.kill('SIGKILL');
      if (service.exitCode === null && service.signalCode === null) await once(service, 'exit');
    });
    while (!existsSync(this.socket)) await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
