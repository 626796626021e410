import { readdirSync, readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';

/** How somebody who deploys calls the program: words and environment, wherever in a file they stand. */
export interface CommandLine {
  /** File, and what it is in it. */
  readonly where: string;
  readonly words: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

type Json = Readonly<Record<string, unknown>>;

const DEPLOY = fileURLToPath(new URL('../../deploy/', import.meta.url));
const NAMES = ['consolidator', 'relay', 'sidecar', 'inject'];

/** Every document of the YAML files below a folder; templates that are no YAML yet are left out. */
export function documentsIn(folder: string): { readonly file: string; readonly document: Json }[] {
  const files = filesIn(folder, /\.(?:yaml|bu)$/).filter((file) => !file.includes('templates'));
  return files.flatMap((file) =>
    parseAllDocuments(readFileSync(`${folder}/${file}`, 'utf8'), { merge: true })
      .map((document) => document.toJS() as Json | null)
      .filter((document) => document !== null)
      .map((document) => ({ file: relative(DEPLOY, `${folder}/${file}`), document })),
  );
}

function filesIn(folder: string, name: RegExp): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => name.test(file));
}

/** What the files of a folder run. */
export function commandLinesIn(folder: string): CommandLine[] {
  const found: CommandLine[] = [];
  for (const { file, document } of documentsIn(folder)) {
    walk(document, (object) => {
      // A container of a pod or a service of compose.
      const words = object['args'] ?? object['command'];
      if (!Array.isArray(words) || !NAMES.includes(String(words[0]))) return;
      found.push({ where: file, words: words.map(String), env: environment(object['env']) });
    });
  }
  for (const file of filesIn(folder, /\.(?:service|bu)$/)) {
    const text = readFileSync(`${folder}/${file}`, 'utf8').replaceAll(/\\\n\s*/g, '');
    // A unit's line: what comes after the program's name, or after the image's.
    for (const [, line = ''] of text.matchAll(
      /^\s*ExecStart=.*?(?:spillway|\$\{SPILLWAY_IMAGE\}) ((?:consolidator|relay|sidecar|inject)\b.*)$/gm,
    ))
      found.push({ where: file, words: line.trim().split(/\s+/), env: {} });
  }
  return found;
}

/** Patches that hold only an environment: its names, by the container that they are for. */
export function patchedVariables(
  folder: string,
): { readonly where: string; readonly part: string; readonly env: Record<string, string> }[] {
  const found: { where: string; part: string; env: Record<string, string> }[] = [];
  for (const { file, document } of documentsIn(folder)) {
    walk(document, (object) => {
      const { name, env, args } = object;
      if (typeof name === 'string' && NAMES.includes(name) && Array.isArray(env) && args === undefined)
        found.push({ where: file, part: name, env: environment(env) });
    });
  }
  return found;
}

function environment(env: unknown): Record<string, string> {
  if (!Array.isArray(env)) return {};
  return Object.fromEntries(
    env.map(({ name, value = 'x' }: { name: string; value?: string }) => [name, value]),
  );
}

function walk(value: unknown, visit: (object: Json) => void): void {
  if (Array.isArray(value)) value.forEach((item) => walk(item, visit));
  else if (typeof value === 'object' && value !== null) {
    visit(value as Json);
    Object.values(value).forEach((item) => walk(item, visit));
  }
}
