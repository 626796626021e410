import { Router, XPublisher, XSubscriber } from 'zeromq';
import { MAX_REPLAY_REQUEST_BYTES } from '../wire/index.js';
import type { ResolvedConsolidatorOptions } from './options.js';

const LINK = { heartbeatInterval: 5_000, heartbeatTimeout: 15_000 } as const;

/** How long a closing consolidator waits for relays to take what it has, ms. */
const LINGER_MS = 1_000;

/** Longest message that a relay may send, bytes: the longest subscription has 266, a handshake some 300. */
const MAX_RELAY_MESSAGE_BYTES = 512;

/**
 * Pages that wait for one relay which does not take them; a further one is not sent, and the relay asks again. At 256 KiB
 * a page they are what one relay can make this process hold.
 */
const REPLAY_SEND_HWM = 32;

/** Where sidecars connect. */
export function createIn({ maxBodyBytes, receiveHwm }: ResolvedConsolidatorOptions): XSubscriber {
  return new XSubscriber({
    ...LINK,
    // Above the limit a message is refused and counted; far above it libzmq cuts the connection, unread.
    maxMessageSize: 2 * maxBodyBytes,
    receiveHighWaterMark: receiveHwm,
    // What is sent here are subscriptions, all of them to each sidecar that connects. libzmq drops those above the
    // mark, 1,000 by default, and the sidecar then believes that nobody reads it.
    sendHighWaterMark: 0,
    linger: 0,
  });
}

/** Where relays connect. */
export function createOut({ sendHwm }: ResolvedConsolidatorOptions): XPublisher {
  return new XPublisher({
    ...LINK,
    maxMessageSize: MAX_RELAY_MESSAGE_BYTES,
    sendHighWaterMark: sendHwm,
    sendTimeout: 0,
    // Each relay is told from where on it is sent what it asked for, not the first alone.
    verbosity: 'allSubs',
    linger: LINGER_MS,
  });
}

/** Where relays ask for the recent past. */
export function createReplay(): Router {
  return new Router({
    ...LINK,
    maxMessageSize: MAX_REPLAY_REQUEST_BYTES,
    sendHighWaterMark: REPLAY_SEND_HWM,
    sendTimeout: 0,
    mandatory: true,
    linger: 0,
  });
}
