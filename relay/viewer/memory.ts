/** What this browser remembers of its reader: the streams lately read, and how the page looks. Never a token. */
const PREFIX = 'spillway.';

export function remembered(name: string): string | undefined {
  try {
    return localStorage.getItem(PREFIX + name) ?? undefined;
  } catch {
    return undefined; // Storage may be forbidden; the page works without.
  }
}

export function remember(name: string, value: string): void {
  try {
    localStorage.setItem(PREFIX + name, value);
  } catch {
    // As above.
  }
}

const MAX_RECENT = 8;

export function recentStreams(): string[] {
  const text = remembered('recent') ?? '';
  return text.split(' ').filter((name) => name !== '');
}

/** Names of streams hold no blanks, so a blank may part them. */
export function rememberStream(name: string): void {
  const others = recentStreams().filter((known) => known !== name);
  remember('recent', [name, ...others].slice(0, MAX_RECENT).join(' '));
}
