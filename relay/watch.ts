/** Lets others wait for what may come to hold whenever something happens. */
export class Watch {
  readonly #looks = new Set<() => void>();

  /** Something happened. Cheap where nobody waits. */
  look(): void {
    if (this.#looks.size > 0) for (const look of this.#looks) look();
  }

  /** Resolves when `condition` holds, or after so many ms. */
  async until(condition: () => boolean, ms: number): Promise<void> {
    if (condition()) return;
    await new Promise<void>((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#looks.delete(look);
        resolve();
      };
      const look = () => {
        if (condition()) done();
      };
      const timer = setTimeout(done, ms).unref();
      this.#looks.add(look);
    });
  }
}
