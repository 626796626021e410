import { defineCommand, type CommandIo, type ParsedFor } from './command.js';
import { baseUrl, CONNECT_OPTIONS, tokenSource } from './connect.js';
import { Sink } from './logs/sink.js';
import { actionsOf } from './top/keys.js';
import { modelOf, type Model } from './top/model.js';
import { poll, type PartAddress, type Reading } from './top/poll.js';
import { Screen } from './top/screen.js';
import { SORTS, viewLines, type Sort } from './top/view.js';

export const command = defineCommand({
  name: 'top',
  summary: 'watch parts, streams and readers: rates, lag, drops, where the pressure is',
  usage: ['spillway top [--relay <address>,…] [--consolidator <address>,…] [--once] [--json]'],
  options: {
    relay: {
      type: 'list',
      default: 'http://127.0.0.1:8080',
      value: 'address',
      help: 'addresses of relays, or of where they serve /metrics and /v1/consumers',
    },
    consolidator: {
      type: 'list',
      value: 'address',
      help: 'where consolidators serve /metrics, such as http://10.0.0.1:9090',
    },
    interval: { type: 'duration', default: '1s', min: 100, help: 'how often they are asked' },
    sort: {
      type: 'choice',
      short: 's',
      choices: SORTS,
      default: 'lag',
      env: false,
      help: 'what comes first',
    },
    once: { type: 'flag', help: 'print it once, after one interval, and end' },
    json: { type: 'flag', env: false, help: 'print a JSON object for each interval' },
    timeout: { type: 'duration', default: '3s', min: 100, help: 'how long an answer may take' },
    ...CONNECT_OPTIONS,
  },
  notes: [
    'Keys: q quits, arrows, j, k, space and g scroll the consumers, l, r, d and s sort by lag, rate, drops and stream.',
    'Off a terminal it prints a table for each interval. With --once it ends with 1 if a part could not be read.',
    'The rates and drops of parts come from /metrics, streams and consumers from /v1/consumers, for which a relay may want a token with the admin scope.',
  ],
});

export async function run({ values, sources }: ParsedFor<typeof command>, io: CommandIo): Promise<number> {
  const parts: PartAddress[] = [
    ...values.consolidator.map((url) => ({
      kind: 'consolidator' as const,
      url: baseUrl('consolidator', url),
    })),
    ...values.relay.map((url) => ({ kind: 'relay' as const, url: baseUrl('relay', url) })),
  ];
  const token = tokenSource({ values, sources }, sources.relay);
  const watch = new Watch(() =>
    Promise.all(parts.map((part) => poll(part, { token, timeout: values.timeout }))),
  );
  if (io.stdout.isTTY && !values.once && !values.json) return interact(watch, values, io);
  return print(watch, values, io);
}

/** Asks again and again; each answer is a model with rates since the one before. */
class Watch {
  readonly #read: () => Promise<readonly Reading[]>;
  #before: readonly Reading[] = [];

  constructor(read: () => Promise<readonly Reading[]>) {
    this.#read = read;
  }

  async next(): Promise<Model> {
    const now = await this.#read();
    const model = modelOf(now, this.#before);
    this.#before = now;
    return model;
  }
}

interface Ways {
  readonly interval: number;
  readonly sort: Sort;
  readonly once: boolean;
  readonly json: boolean;
}

async function print(watch: Watch, { interval, sort, once, json }: Ways, io: CommandIo): Promise<number> {
  const out = new Sink(io.stdout);
  await watch.next();
  for (;;) {
    await pause(interval);
    const model = await watch.next();
    const view = { rows: undefined, sort, offset: 0, color: false, keys: false };
    const columns = io.stdout.isTTY ? io.stdout.columns : DEFAULT_COLUMNS;
    out.push(
      json
        ? `${JSON.stringify({ time: new Date().toISOString(), ...model })}\n`
        : `${viewLines(model, { ...view, columns, clock: clock() }).join('\n')}\n${once ? '' : '\n'}`,
    );
    await out.flush();
    if (once) return model.parts.some(({ problem }) => problem !== undefined) ? 1 : 0;
  }
}

const DEFAULT_COLUMNS = 80;

/** The picture stays on the terminal's other screen until a key ends it. */
async function interact(watch: Watch, { interval, sort: first }: Ways, io: CommandIo): Promise<number> {
  const { stdin, stdout } = io;
  let model: Model | undefined;
  let [sort, offset] = [first, 0];
  const end = new AbortController();
  const { signal } = end;
  const screen = new Screen(stdout, () => draw());
  const draw = () => {
    const { columns, rows } = screen;
    const color = !io.env['NO_COLOR'] && io.env['TERM'] !== 'dumb';
    if (model === undefined) return screen.draw(['spillway top: asking …']);
    screen.draw(viewLines(model, { columns, rows, sort, offset, clock: clock(), color, keys: true }));
  };
  const act = (typed: string) => {
    for (const action of actionsOf(typed)) {
      if (action.kind === 'sort') [sort, offset] = [action.sort, 0];
      else if (action.kind === 'scroll') {
        offset = Math.max(0, Math.min(offset + action.by, (model?.consumers.length ?? 1) - 1));
      } else {
        end.abort(action.kind === 'quit' ? 0 : 130);
      }
    }
    draw();
  };
  const ended = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
  if (stdin.isTTY) stdin.setRawMode(true);
  stdin.setEncoding('utf8').on('data', act).resume();
  try {
    draw();
    while (!signal.aborted) {
      await Promise.race([watch.next().then((next) => (model = next)), ended]);
      if (signal.aborted) break;
      draw();
      await Promise.race([pause(interval), ended]);
    }
  } finally {
    if (stdin.isTTY) stdin.setRawMode(false);
    stdin.pause();
    screen.close();
  }
  return signal.reason as number;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function clock(): string {
  return new Date().toTimeString().slice(0, 8);
}
