/** What a reader of numbered lines has seen, by container. Runs in a page too, so it uses nothing from outside. */
export interface LineAccount {
  /** By container: the number of the next line, and of the first. */
  next: Record<string, number>;
  first: Record<string, number>;
  lines: number;
  /** Lines that came although they, or a later one, had come. */
  repeats: number;
  /** Numbers that were passed over. */
  missing: number;
  /** What it was told is missing. */
  told: number;
  /** Notices without a number. */
  unknown: number;
  /** Connections that were opened. */
  opened: number;
}

/** Counts the events of an EventSource. */
export function countLines(source: {
  addEventListener(name: string, listener: (event: { data: string }) => void): void;
}): LineAccount {
  const account: LineAccount = {
    next: {},
    first: {},
    lines: 0,
    repeats: 0,
    missing: 0,
    told: 0,
    unknown: 0,
    opened: 0,
  };
  source.addEventListener('open', () => (account.opened += 1));
  source.addEventListener('message', ({ data }) => {
    const { msg, container } = JSON.parse(data) as { msg: string; container: string };
    const number = Number(msg.slice('line '.length));
    const next = account.next[container];
    account.lines += 1;
    if (next === undefined) account.first[container] = number;
    else if (number < next) return (account.repeats += 1);
    else account.missing += number - next;
    return (account.next[container] = number + 1);
  });
  source.addEventListener('dropped', ({ data }) => {
    const { count } = JSON.parse(data) as { count: number | null };
    if (count === null) account.unknown += 1;
    else account.told += count;
  });
  return account;
}
