import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { COMMANDS } from '../../cli/commands.js';
import type { CommandModule } from '../../cli/command.js';
import { envName, parseCommand } from '../../cli/options.js';
import { commandLinesIn, documentsIn, patchedVariables } from './command-lines.js';

/** deploy/check.sh renders charts and overlays and names their folder here. */
const FOLDERS = [
  fileURLToPath(new URL('../../deploy', import.meta.url)),
  process.env['SPILLWAY_RENDERED'] ?? [],
].flat();

/** The real table of options of a command. */
const load = (name: string) => (COMMANDS[name] as { load: () => Promise<CommandModule> }).load();

for (const folder of FOLDERS) {
  for (const { where, words, env } of commandLinesIn(folder)) {
    const [name = '', ...argv] = words;
    void t.test(`${where}: the ${name} understands every word.`, async (t) => {
      const { command } = await load(name);
      const parsed = parseCommand(command, argv, env);
      t.ok(Object.values(parsed.sources).includes('argv') || argv.length === 0);
      const known = Object.keys(command.options).map(envName);
      t.strictSame(
        Object.keys(env).filter((variable) => variable.startsWith('SPILLWAY_') && !known.includes(variable)),
        [],
      );
    });
  }

  for (const { where, part, env } of patchedVariables(folder)) {
    void t.test(`${where}: the ${part} knows every variable.`, async (t) => {
      const { command } = await load(part);
      const known = Object.keys(command.options).map(envName);
      t.strictSame(
        Object.keys(env).filter((variable) => !known.includes(variable)),
        [],
      );
      t.doesNotThrow(() => parseCommand(command, [], env));
    });
  }
}

const UNITS = new URL('../../deploy/systemd/', import.meta.url);

for (const file of readdirSync(UNITS).filter((file) => file.endsWith('.env.example'))) {
  void t.test(`${file} has variables that there are.`, async (t) => {
    const { command } = await load(file.split('.')[0] as string);
    const lines = readFileSync(new URL(file, UNITS), 'utf8').split('\n');
    const env = Object.fromEntries(
      lines.filter((line) => /^[A-Z]/.test(line)).map((line) => line.split(/=(.*)/, 2)),
    );
    const known = Object.keys(command.options).map(envName);
    t.strictSame(
      Object.keys(env).filter((variable) => !known.includes(variable)),
      [],
    );
    t.doesNotThrow(() => parseCommand(command, [], env));
  });
}

interface Container {
  readonly name: string;
  readonly image?: string;
  readonly securityContext?: {
    readonly allowPrivilegeEscalation?: boolean;
    readonly readOnlyRootFilesystem?: boolean;
    readonly capabilities?: { readonly drop?: readonly string[] };
  };
}

interface PodSpec {
  readonly containers?: readonly Container[];
  readonly volumes?: readonly Record<string, unknown>[];
  readonly securityContext?: {
    readonly runAsNonRoot?: boolean;
    readonly seccompProfile?: { readonly type: string };
  };
}

/** The one that reads the node's log folder says itself why it cannot. */
const EXCEPTIONS = ['spillway-node-reader'];

for (const folder of FOLDERS) {
  for (const { file, document } of documentsIn(folder)) {
    const { kind, metadata, spec } = document as {
      kind?: string;
      metadata?: { name: string };
      spec?: { template?: { spec: PodSpec } };
    };
    const pod = spec?.template?.spec;
    const containers = pod?.containers?.filter(({ image }) => image !== undefined) ?? [];
    if (pod === undefined || containers.length === 0) continue;
    void t.test(`${file}: ${kind} ${metadata?.name} keeps the restricted profile.`, (t) => {
      const isException = EXCEPTIONS.includes(metadata?.name as string);
      t.equal(pod.volumes?.some((volume) => volume['hostPath'] !== undefined) ?? false, isException);
      if (!isException) {
        t.equal(pod.securityContext?.runAsNonRoot, true);
        t.equal(pod.securityContext?.seccompProfile?.type, 'RuntimeDefault');
      }
      for (const { securityContext } of containers) {
        t.match(securityContext, {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        });
      }
      t.end();
    });
  }
}
