/**
 * Draws the pictures of terminals that the README shows: `npm run pictures`. What they show was printed by the program
 * itself, in real terminals of a tmux server of this script's own, and is drawn with the colours that it had.
 *
 * Needs bash, curl and tmux (test/install-tools.sh), and the ports that the parts have by default.
 */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { drawWindows } from './svg.mjs';

const root = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '');
const run = promisify(execFile);
const folder = await mkdtemp(join(tmpdir(), 'spillway-pictures-'));

/** @param {string[]} args */
async function tmux(...args) {
  const { stdout } = await run('tmux', ['-S', join(folder, 'socket'), '-f', '/dev/null', ...args], {
    env: { PATH: `${folder}/bin:${process.env['PATH']}`, HOME: folder, LANG: 'C.UTF-8', SHELL: '/bin/bash' },
  });
  return stdout;
}

/** A terminal with a shell in it. */
class Terminal {
  #name;

  /** @param {string} name */
  constructor(name) {
    this.#name = name;
  }

  /**
   * @param {number} columns
   * @param {number} rows
   */
  async open(columns, rows) {
    const size = ['-x', String(columns), '-y', String(rows)];
    const shell = ['bash', '--noprofile', '--rcfile', join(folder, 'init'), '-i'];
    await tmux(
      'new-session',
      '-d',
      '-s',
      this.#name,
      ...size,
      ...shell,
      ';',
      'set-option',
      '-g',
      'status',
      'off',
    );
    await tmux('resize-window', '-t', this.#name, ...size);
    await this.until(/^\$/m);
    return this;
  }

  /** @param {string} line */
  async type(line) {
    await tmux('send-keys', '-t', this.#name, '-l', line);
    await tmux('send-keys', '-t', this.#name, 'Enter');
  }

  /** @param {string} key */
  async press(key) {
    await tmux('send-keys', '-t', this.#name, key);
  }

  /** @param {RegExp} pattern */
  async until(pattern) {
    for (let i = 0; i < 1_000; i += 1) {
      const screen = await tmux('capture-pane', '-t', this.#name, '-p');
      if (pattern.test(screen)) return;
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
    throw new Error(`no ${pattern} on the screen:\n${await this.screen()}`);
  }

  /** Where the checkout is, is nobody's affair. */
  async screen() {
    const screen = await tmux('capture-pane', '-t', this.#name, '-p', '-e');
    return screen.replaceAll(root, '/srv/spillway');
  }

  /** Its programs have children to end, and a terminal that merely goes away does not end them. */
  async end() {
    await this.press('C-c');
    await this.until(/^\$$/m);
  }
}

/** What a new user sees. */
async function firstMinute() {
  const columns = 128;
  const dev = await new Terminal('dev').open(columns, 12);
  try {
    await dev.type('npm start');
    await dev.until(/Spillway is ready[^]*its own logs/);
    const started = await dev.screen();
    const logs = await new Terminal('logs').open(columns, 24);
    await logs.type('spillway logs acme/web-1');
    await logs.until(/tick/);
    const curl = await new Terminal('curl').open(columns, 4);
    const calls = { 'hello?name=you': /hello to you/, error: / at fail/, bunyan: /trying again/ };
    for (const [path, printed] of Object.entries(calls)) {
      await curl.type(`curl http://127.0.0.1:3000/${path}; echo`);
      await logs.until(printed);
    }
    const windows = [
      { title: 'one terminal', screen: started },
      { title: 'another', screen: await logs.screen() },
    ];
    await writeFile(join(root, 'docs/first-minute.svg'), drawWindows(windows, columns));
    await logs.press('C-c');
  } finally {
    await dev.end();
  }
}

/** A few containers that print, readers of which one is too slow, and what `top` makes of it. */
async function top() {
  const parts = await new Terminal('parts').open(80, 10);
  const url = 'http://127.0.0.1:8080/v1/logs/tenant/acme';
  const printing = "sh -c 'while :; do seq 800; sleep 0.1; done'";
  const jobs = [
    'spillway consolidator',
    'spillway relay',
    ...['web-1', 'web-2'].map(
      (name) => `spillway sidecar --tenant acme --container ${name} --no-passthrough -- ${printing}`,
    ),
    `curl -sN ${url}`,
    `curl -sN --retry 9 --retry-connrefused --limit-rate 20k '${url}/web-1?hwm=2000'`,
  ];
  try {
    await parts.type(
      jobs
        .slice(0, 2)
        .map((job) => `${job} 2>/dev/null &`)
        .join(' '),
    );
    await parts.type('until curl -sf http://127.0.0.1:8080/readyz; do sleep 0.1; done');
    await parts.until(/1 consolidator connected/);
    await parts.type(
      jobs
        .slice(2)
        .map((job) => `${job} >/dev/null 2>&1 &`)
        .join(' '),
    );
    const screen = await new Terminal('top').open(80, 24);
    await screen.type('spillway top --consolidator http://127.0.0.1:9090');
    await screen.until(/readers drop/);
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    const windows = [{ title: 'spillway top', screen: await screen.screen() }];
    await writeFile(join(root, 'docs/top.svg'), drawWindows(windows, 80));
    await screen.press('q');
  } finally {
    await parts.type('clear; kill $(jobs -p); wait; echo all ended');
    await parts.until(/^all ended/m);
  }
}

/** The ports that the parts have by default: a picture of somebody else's parts would be no picture of these. */
async function checkPorts() {
  for (const port of [3000, 5555, 5556, 5557, 8080, 9090]) {
    const server = createServer();
    server.listen(port, '127.0.0.1');
    await once(server, 'listening').catch(() => {
      throw new Error(
        `port ${port} is in use: stop what uses it, or draw in a network of its own (unshare -n)`,
      );
    });
    server.close();
  }
}

try {
  await checkPorts();
  await mkdir(join(folder, 'bin'));
  const program = `#!/bin/sh\nexec ${process.execPath} ${root}/dist/cli/bin.js "$@"\n`;
  await writeFile(join(folder, 'bin/spillway'), program, { mode: 0o755 });
  // `npm start` without its build.
  await writeFile(join(folder, 'bin/npm'), '#!/bin/sh\nexec spillway dev\n', { mode: 0o755 });
  await writeFile(join(folder, 'init'), `PS1='$ '; unset HISTFILE; set +m; cd ${root}\n`);
  await firstMinute();
  await top();
} finally {
  await tmux('kill-server').catch(() => {});
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
}
