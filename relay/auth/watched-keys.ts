import type { JWTHeaderParameters } from 'jose';
import { Repeats } from '../../cluster/repeats.js';
import { WatchedFile } from '../../cluster/watched-file.js';
import type { KeysHooks } from './jwks-keys.js';
import type { Key, Keys } from './keys.js';

/** Keys in a file that is read again when it changes. While it cannot be used, those that it had last go on counting. */
export class WatchedKeys implements Keys {
  readonly #file: WatchedFile;
  readonly #repeats = new Repeats();
  #keys: Keys;
  #failing = false;

  /**
   * @param keys those of the start
   * @param parse @throws {AuthError} where the text holds none
   * @param poll ms
   */
  constructor(keys: Keys, path: string, parse: (text: string) => Keys, hooks: KeysHooks, poll?: number) {
    this.#keys = keys;
    const onText = (text: string) => (this.#keys = parse(text));
    const onProblem = (error: Error) => {
      this.#failing = true;
      if (this.#repeats.isNew(error.message, performance.now())) hooks.onKeysProblem?.(error);
    };
    const onRead = () => {
      if (this.#failing) hooks.onKeysRecovered?.();
      this.#failing = false;
      this.#repeats.forget('');
    };
    this.#file = new WatchedFile(path, { onText, onProblem, onRead }, poll);
  }

  get algorithms(): readonly string[] {
    return this.#keys.algorithms;
  }

  candidates(header: JWTHeaderParameters): Promise<readonly Key[]> {
    return this.#keys.candidates(header);
  }

  close(): void {
    void this.#file.close();
  }
}
