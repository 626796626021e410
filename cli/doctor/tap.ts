import { Subscriber } from 'zeromq';
import type { CurveClient } from '../../cluster/curve/index.js';
import { DEFAULT_MAX_BODY_BYTES, parseMessage } from '../../wire/index.js';

export interface TapHandlers {
  /** The text of each message of the stream. */
  readonly onBody: (body: string) => void;
  /** The account of a sender that had nothing to say: it was written when it was sent. */
  readonly onHeartbeat: (source: string, at: number) => void;
}

export interface Tap {
  close(): Promise<void>;
}

/** The system's streams as one consolidator gives them to its relays. @throws what ZeroMQ does for a bad endpoint */
export function openTap(
  endpoint: string,
  curve: CurveClient | undefined,
  { onBody, onHeartbeat }: TapHandlers,
): Tap {
  const socket = new Subscriber({ linger: 0, ipv6: true, maxMessageSize: DEFAULT_MAX_BODY_BYTES * 2 });
  if (curve !== undefined) {
    socket.curvePublicKey = curve.keys.publicKey;
    socket.curveSecretKey = curve.keys.secretKey;
    socket.curveServerKey = curve.serverKey;
  }
  socket.connect(endpoint);
  socket.subscribe('system/');
  const running = (async () => {
    for await (const frames of socket) {
      const message = parseMessage(frames);
      if (typeof message === 'string') continue;
      const { body, ledger } = message;
      if (body.length > 0) onBody(body.toString());
      else if (ledger !== undefined) onHeartbeat(ledger.src, ledger.at);
    }
  })();
  return {
    async close() {
      socket.close();
      await running;
    },
  };
}
