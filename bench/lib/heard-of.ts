import type { ConsumersPage } from '../../relay/consumers-route.js';

const POLL_MS = 20;

/**
 * Waits until so many consolidators have said that they send every stream that is read at a relay. From there on a record
 * is due; that a consumer has its response, or that a sender is asked for records, does not say so.
 *
 * @param url the relay's
 */
export async function untilHeardOf(url: string, consolidators: number): Promise<void> {
  for (;;) {
    const page = (await (await fetch(`${url}/v1/consumers?limit=10000`)).json()) as ConsumersPage;
    if (page.consumers.every((row) => row.consolidators >= consolidators)) return;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
