/**
 * The token that its reader pasted. It is kept in this object and nowhere else, or, where she chose so, in the tab's session
 * storage, which outlives a reload and not the tab. It goes into a header, never into an address.
 */
export class Token {
  static readonly #KEY = 'spillway.token';
  #value = Token.#stored();

  get value(): string | undefined {
    return this.#value;
  }

  set(value: string, keepForTab: boolean): void {
    const text = value.trim().replace(/^bearer\s+/i, '');
    this.#value = text === '' ? undefined : text;
    try {
      sessionStorage.removeItem(Token.#KEY);
      if (keepForTab && this.#value !== undefined) sessionStorage.setItem(Token.#KEY, this.#value);
    } catch {
      // Storage may be forbidden; memory does.
    }
  }

  static #stored(): string | undefined {
    try {
      return sessionStorage.getItem(Token.#KEY) ?? undefined;
    } catch {
      return undefined;
    }
  }
}
