import type { Browser, CDPSession } from 'playwright-core';

interface Test {
  teardown(handler: () => unknown): void;
}

interface Answer<T> {
  readonly id: number;
  readonly result?: {
    readonly result: { readonly value: T };
    readonly exceptionDetails?: { readonly text: string };
  };
  readonly error?: { readonly message: string };
}

/**
 * A tab that is hidden where another is in front. Playwright makes its own pages believe that they are always seen, so it is
 * not to know of this one.
 */
export class Tab {
  readonly #browser: CDPSession;
  readonly #targetId: string;
  readonly #sessionId: string;
  #asked = 0;

  private constructor(browser: CDPSession, targetId: string, sessionId: string) {
    this.#browser = browser;
    this.#targetId = targetId;
    this.#sessionId = sessionId;
  }

  static async open(t: Test, browser: Browser, url: string): Promise<Tab> {
    const session = await browser.newBrowserCDPSession();
    const { targetId } = await session.send('Target.createTarget', { url });
    t.teardown(() => session.send('Target.closeTarget', { targetId }));
    const { sessionId } = await session.send('Target.attachToTarget', { targetId });
    const tab = new Tab(session, targetId, sessionId);
    // It begins as an empty page, whatever it is sent to.
    const isThere = `document.readyState === 'complete' && location.origin === '${new URL(url).origin}'`;
    while (!(await tab.evaluate(isThere))) await new Promise((resolve) => setTimeout(resolve, 25));
    return tab;
  }

  async toFront(): Promise<void> {
    await this.#browser.send('Target.activateTarget', { targetId: this.#targetId });
  }

  /** What an expression comes to in the page, a promise's value where it is one. */
  async evaluate<T>(expression: string): Promise<T> {
    const id = ++this.#asked;
    const params = { expression, awaitPromise: true, returnByValue: true };
    const answer = new Promise<Answer<T>>((resolve) => {
      const hear = ({ sessionId, message }: { sessionId: string; message: string }) => {
        const said = JSON.parse(message) as Answer<T>;
        if (sessionId !== this.#sessionId || said.id !== id) return;
        this.#browser.off('Target.receivedMessageFromTarget', hear);
        resolve(said);
      };
      this.#browser.on('Target.receivedMessageFromTarget', hear);
    });
    const message = JSON.stringify({ id, method: 'Runtime.evaluate', params });
    await this.#browser.send('Target.sendMessageToTarget', { sessionId: this.#sessionId, message });
    const { result, error } = await answer;
    if (result === undefined || result.exceptionDetails !== undefined) {
      throw new Error(`${expression}: ${result?.exceptionDetails?.text ?? error?.message}`);
    }
    return result.result.value;
  }
}
