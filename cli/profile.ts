import { readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { UsageError } from './errors.js';
import { didYouMean } from './suggest.js';

type Env = Readonly<Record<string, string | undefined>>;

/** Where profiles are kept. @see https://specifications.freedesktop.org/basedir-spec/latest/ */
export function profilesPath({ XDG_CONFIG_HOME, HOME }: Env): string {
  // The specification has relative paths ignored.
  const base = XDG_CONFIG_HOME?.startsWith('/') ? XDG_CONFIG_HOME : join(HOME || homedir(), '.config');
  return join(base, 'spillway', 'profiles.json');
}

/**
 * A profile: options by their long names, as somebody would type them.
 *
 * ```json
 * { "default": { "url": "https://logs.example.com" }, "dev": { "url": "http://127.0.0.1:8080", "output": "long" } }
 * ```
 *
 * @param name undefined for the profile `default`, which need not be there
 * @throws {UsageError} for a profile that is not there, a file that is none, and one with a token that others may read
 */
export function readProfile(name: string | undefined, env: Env): Readonly<Record<string, string>> {
  const path = profilesPath(env);
  const profiles = readProfiles(path);
  if (name !== undefined && !Object.hasOwn(profiles, name)) {
    const names = Object.keys(profiles);
    const known = names.length === 0 ? 'there are none' : `there are ${names.join(', ')}`;
    throw bad(`no profile ${JSON.stringify(name)} in ${path}${didYouMean(name, names)}, ${known}`);
  }
  const profile = profiles[name ?? 'default'] ?? {};
  const options: Record<string, string> = {};
  for (const [option, value] of Object.entries(profile)) {
    const isMany = Array.isArray(value) && value.every((item) => typeof item === 'string');
    if (!isMany && !['string', 'number', 'boolean'].includes(typeof value)) {
      throw bad(`${option} in ${path} must be a text, a number, true, false or a list of texts`);
    }
    options[option] = isMany ? value.join(',') : String(value);
  }
  return options;
}

function readProfiles(path: string): Readonly<Record<string, Readonly<Record<string, unknown>>>> {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return {};
    throw bad(`the profiles cannot be read (${message})`);
  }
  const profiles = parse(path, text);
  const hasToken = Object.values(profiles).some((profile) => Object.hasOwn(profile, 'token'));
  if (hasToken) refuseOthers(path);
  return profiles;
}

function parse(path: string, text: string): Readonly<Record<string, Readonly<Record<string, unknown>>>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw bad(`${path} is no JSON (${(error as Error).message})`);
  }
  if (isObject(value) && Object.values(value).every(isObject)) {
    return value as Record<string, Record<string, unknown>>;
  }
  throw bad(`${path} must be an object of profiles, such as {"default":{"url":"https://logs.example.com"}}`);
}

/** As ssh does with its keys. */
function refuseOthers(path: string): void {
  if (process.platform === 'win32' || (statSync(path).mode & 0o077) === 0) return;
  throw bad(`${path} holds a token and others may read it: chmod 600 ${path}`);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function bad(problem: string): UsageError {
  return new UsageError(problem, 'bad-profile');
}
