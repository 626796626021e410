import { readFileSync } from 'node:fs';
import type { OptionTable, Parsed, ValueSource } from './command.js';
import { UsageError } from './errors.js';

/** The options of every command that speaks to parts over HTTP. */
export const CONNECT_OPTIONS = {
  token: {
    type: 'string',
    short: 't',
    value: 'jwt',
    help: 'for a relay that asks for one; other users see it in the list of processes, so rather use a file, a profile or the variable',
  },
  tokenFile: {
    type: 'string',
    value: 'path',
    help: 'where the token is, read anew for each connection, so that it may be replaced meanwhile',
  },
  profile: {
    type: 'string',
    short: 'p',
    value: 'name',
    help: 'options kept in ~/.config/spillway/profiles.json under this name; without it those under "default", if there are any. Its token goes to its own address alone',
  },
} as const satisfies OptionTable;

type TokenWords = Pick<Parsed<Pick<typeof CONNECT_OPTIONS, 'token' | 'tokenFile'>>, 'values' | 'sources'>;

const NEAREST_FIRST = ['argv', 'env', 'profile'] as const satisfies readonly ValueSource[];

/**
 * Answers the token of now, or undefined where none is given. The nearest word counts, whether it is the token or its
 * file: an option, then a variable, then the profile. A token of the profile is meant for the address that stands beside
 * it, and goes to no other.
 *
 * @param address where the address that it is sent to came from
 * @throws {UsageError} for two tokens of one source, a file that cannot be read, and what is no token
 */
export function tokenSource(
  { values: { token, tokenFile }, sources }: TokenWords,
  address: ValueSource,
): () => string | undefined {
  const nearest = NEAREST_FIRST.find((source) => source === sources.token || source === sources.tokenFile);
  if (nearest === 'profile' && address !== 'profile') return () => undefined;
  if (nearest !== undefined && sources.token === sources.tokenFile) {
    throw new UsageError('--token and --token-file both say what the token is: give one');
  }
  if (tokenFile === undefined || sources.tokenFile !== nearest) {
    if (token !== undefined) checkToken(token, '--token');
    return () => token;
  }
  const read = () => {
    let text: string;
    try {
      text = readFileSync(tokenFile, 'utf8').trim();
    } catch (error) {
      throw new UsageError(`the token cannot be read (${(error as Error).message})`);
    }
    checkToken(text, tokenFile);
    return text;
  };
  read();
  return read;
}

/** Looked at here, since fetch quotes a header that it refuses, and a token is not to be printed. */
function checkToken(text: string, where: string): void {
  if (text === '') throw new UsageError(`${where} is empty: there is no token in it`);
  if (/[^ -~]/.test(text))
    throw new UsageError(`${where} holds more than a token, which is one line without letters such as é`);
}

/**
 * An address to put paths behind. @throws {UsageError} for what is none
 *
 * @param option as it is typed, for the sentence
 */
export function baseUrl(option: string, text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '') {
    throw new UsageError(
      `--${option} must be an address such as http://127.0.0.1:8080, not ${JSON.stringify(text)}`,
    );
  }
  url.search = '';
  url.hash = '';
  return url.href.replace(/\/+$/, '');
}
