import type { CaptureSink, LifeEvent, LifeKind } from '../../../sidecar/capture/index.js';
import { Inbox } from '../../support/zmq.js';

/** A sink and a listener that keep what they are told, to be waited for. */
export class Witness implements CaptureSink {
  /** Output as it came, `stdout` and `stderr` in lines of their own: `stdout one`. */
  readonly lines = new Inbox<string>();
  readonly life = new Inbox<LifeEvent>();
  readonly times: (number | undefined)[] = [];
  readonly #open = { stdout: '', stderr: '' };

  chunk(stream: 'stdout' | 'stderr', data: Buffer, at?: number): void {
    this.times.push(at);
    const parts = (this.#open[stream] + data.toString()).split('\n');
    this.#open[stream] = parts.pop() as string;
    for (const line of parts) this.lines.put(`${stream} ${line}`);
  }

  readonly onLife = (event: LifeEvent): void => this.life.put(event);

  /** Waits for the line. */
  async says(line: string): Promise<void> {
    await this.lines.until((lines) => lines.includes(line));
  }

  /** Waits for so many events of a kind; answers them. */
  async lives(kind: LifeKind, count = 1): Promise<LifeEvent[]> {
    const of = (events: readonly LifeEvent[]) => events.filter((event) => event.kind === kind);
    return of(await this.life.until((events) => of(events).length >= count));
  }
}
