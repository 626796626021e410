import { setTimeout as sleep } from 'node:timers/promises';
import type { Engine } from './engine.js';

/** A run that ended. */
export interface Death {
  readonly code: number;
  /** ms since the epoch. */
  readonly at: number;
}

const MAX_EVENT_BYTES = 64 * 1024;
const RETRY_MS = 1_000;

interface Event {
  readonly Action?: string;
  readonly status?: string;
  readonly timeNano?: number;
  readonly time?: number;
  readonly Actor?: { readonly Attributes?: Readonly<Record<string, string>> };
}

/**
 * Listens to what the engine says of one container. It is only a quicker and fuller word on what asking again would tell
 * as well: a start that need not be waited for, and the exit code of a run that another has already followed.
 */
export class EngineEvents {
  /** The last run that ended. */
  death: Death | undefined;
  readonly #engine: Engine;
  readonly #onEvent: () => void;

  constructor(engine: Engine, onEvent: () => void) {
    this.#engine = engine;
    this.#onEvent = onEvent;
  }

  /** Until `signal` is given. */
  async listen(container: string, signal: AbortSignal): Promise<void> {
    const filters = encodeURIComponent(
      JSON.stringify({ type: ['container'], container: [container], event: ['start', 'die', 'died'] }),
    );
    while (!signal.aborted) {
      try {
        let held = '';
        const answer = await this.#engine.stream('GET', `/events?filters=${filters}`, signal);
        for await (const part of answer as AsyncIterable<Buffer>) {
          const lines = (held + part.toString()).split('\n');
          held = lines.pop() as string;
          if (held.length > MAX_EVENT_BYTES) held = '';
          for (const line of lines) this.#take(line);
        }
      } catch {
        // The one who reads the log finds out as well, and says so.
      }
      await sleep(RETRY_MS, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  #take(line: string): void {
    let event: Event;
    try {
      event = JSON.parse(line) as Event;
    } catch {
      return;
    }
    const action = event.Action ?? event.status;
    if (action === 'die' || action === 'died') {
      const { exitCode, containerExitCode } = event.Actor?.Attributes ?? {};
      const code = Number(exitCode ?? containerExitCode);
      const at = event.timeNano === undefined ? Number(event.time) * 1000 : event.timeNano / 1e6;
      if (Number.isInteger(code)) this.death = { code, at };
    }
    this.#onEvent();
  }
}
