import type { LifeEvent, OnLife } from '../lifecycle.js';
import type { ContainerState } from './engine.js';
import type { Death } from './events.js';

/** The clock of an event and that of a state are both the engine's; they are taken a moment apart. */
const SAME_DEATH_MS = 5_000;

/** Turns what each look at a container shows into what has become of it. Pure but for its listener. */
export class DockerRuns {
  readonly #container: string;
  readonly #onLife: OnLife;
  #last: ContainerState | undefined;
  /** The last run has been told of as ended. */
  #told = true;
  #isLost = false;

  constructor(container: string, onLife: OnLife) {
    this.#container = container;
    this.#onLife = onLife;
  }

  /** @param state undefined if there is no such container */
  seen(state: ContainerState | undefined, death: Death | undefined): void {
    const last = this.#last;
    if (state === undefined) {
      if (last === undefined) return this.lost(`there is no container ${this.#container} yet`);
      if (!this.#told) this.#end(last, isOf(last, death) ? death.code : undefined);
      this.#last = undefined;
      return this.lost(`container ${this.#container} was removed`);
    }
    if (last === undefined) this.#isLost = false; // There is a container: that it was missing is over.
    this.#last = state;
    if (last !== undefined && last.id === state.id && last.startedAt === state.startedAt) return;
    if (last !== undefined && !this.#told) {
      const isSame = death !== undefined && Math.abs(death.at - state.finishedAt) < SAME_DEATH_MS;
      this.#end(last, isSame && last.id === state.id ? death.code : undefined);
    }
    // A run that was over before we came has nothing to begin.
    if (last === undefined && !state.running) return;
    this.#told = false;
    this.#tell('started', `container ${this.#container} runs`, state);
  }

  /** Its log is being read, or has been read to its end. That the engine knows of it is not enough: not every log can be read. */
  followed(state: ContainerState): void {
    if (this.#isLost) this.#tell('found', `container ${this.#container} is followed again`, state);
    this.#isLost = false;
  }

  /** Its run is over, and its output was read. */
  over(state: ContainerState): void {
    this.#end(state, state.exitCode);
  }

  /** Told once, until it is followed again. */
  lost(why: string): void {
    if (this.#isLost) return;
    this.#isLost = true;
    this.#tell('lost', why, this.#last);
  }

  /** Something may be missing, or come twice. */
  uncertain(why: string): void {
    this.#tell('lost', why, this.#last);
  }

  #end(state: ContainerState, code: number | undefined): void {
    this.#told = true;
    const how = code === undefined ? 'ended' : `ended with ${code}`;
    this.#tell('ended', `container ${this.#container} ${how}`, state, code);
  }

  #tell(kind: LifeEvent['kind'], msg: string, state: ContainerState | undefined, code?: number): void {
    this.#onLife({
      kind,
      msg,
      ...(code !== undefined && { code }),
      ...(state !== undefined && { fields: { id: state.id.slice(0, 12), image: state.image } }),
    });
  }
}

/** A death is of this run only if it came after its start: an earlier run's event may be the last that was heard. */
function isOf({ startedAt }: ContainerState, death: Death | undefined): death is Death {
  return death !== undefined && death.at >= Date.parse(startedAt);
}
