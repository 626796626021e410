/** What a scenario has started and must not leave behind: ended in the opposite order, whatever happened. */
export class Scope {
  readonly #endings: (() => Promise<unknown>)[] = [];

  /** Ends it when the scope ends. `end` must be idempotent. */
  defer(end: () => Promise<unknown>): void {
    this.#endings.push(end);
  }

  async end(): Promise<void> {
    for (let end = this.#endings.pop(); end !== undefined; end = this.#endings.pop()) await end();
  }
}

/** Runs `act` with a scope that ends with it. */
export async function withScope<T>(act: (scope: Scope) => Promise<T>): Promise<T> {
  const scope = new Scope();
  try {
    return await act(scope);
  } finally {
    await scope.end();
  }
}
