import {
  ADMIN_SCOPE,
  DEFAULT_MAX_CONSUMERS,
  DEFAULT_MAX_CONSUMERS_PER_ADDRESS,
  DEFAULT_MAX_CONSUMERS_PER_TENANT,
  type GateHooks,
} from '../relay/index.js';
import type { Log } from '../telemetry/index.js';
import type { OptionTable } from './command.js';

/** The options that say whom a relay lets in, and how many. */
export const ACCESS_OPTIONS = {
  jwks: {
    type: 'string',
    value: 'url',
    help: "ask for tokens, and check them with the issuer's keys from this JWKS document",
  },
  jwtKeyFile: {
    type: 'string',
    value: 'file',
    help: "the same with the issuer's public keys or certificates in a PEM file",
  },
  jwtSecretFile: {
    type: 'string',
    value: 'file',
    help: 'the same with the secret that the issuer signs with (HMAC), 32 bytes or more',
  },
  jwtIssuer: { type: 'string', value: 'text', help: 'what iss of a token must be' },
  jwtAudience: { type: 'string', value: 'text', help: 'what aud of a token must hold' },
  jwtLeeway: { type: 'duration', default: '5s', help: "how far the issuer's clock may be from this one" },
  jwksRefresh: { type: 'duration', default: '5m', min: 1000, help: 'how often the JWKS document is fetched' },
  ticketSecretFile: {
    type: 'string',
    value: 'file',
    help: 'the secret that tickets are signed with, the same for all relays; without it --jwt-secret-file serves, and else one made up at the start, whose tickets other relays refuse',
  },
  ticketTtl: {
    type: 'duration',
    default: '60s',
    min: 100,
    help: 'how long a ticket for an EventSource can be used',
  },
  hostName: {
    type: 'list',
    value: 'name',
    help: 'names that a relay on loopback without tokens may be asked for, beside localhost and addresses: those of a proxy in front',
  },
  cors: {
    type: 'list',
    value: 'origin',
    help: 'origins of pages that may read the streams, such as https://console.example',
  },
  trustProxy: {
    type: 'list',
    value: 'address',
    help: 'proxies, as addresses or networks, whose X-Forwarded-For and X-Forwarded-Proto are believed',
  },
  maxConsumers: {
    type: 'integer',
    default: DEFAULT_MAX_CONSUMERS,
    min: 1,
    unit: 'consumers',
    help: 'the most that this relay takes',
  },
  maxConsumersPerTenant: {
    type: 'integer',
    default: DEFAULT_MAX_CONSUMERS_PER_TENANT,
    min: 1,
    unit: 'consumers',
    help: "the most that read one tenant's streams, or the system's",
  },
  maxConsumersPerAddress: {
    type: 'integer',
    default: DEFAULT_MAX_CONSUMERS_PER_ADDRESS,
    min: 1,
    unit: 'consumers',
    help: 'the most from one address beyond this machine',
  },
  requestTimeout: {
    type: 'duration',
    default: '10s',
    min: 100,
    help: 'a request that is not here whole by then is cut',
  },
} as const satisfies OptionTable;

export const ACCESS_NOTES = [
  `Tokens are JWTs: claim logs lists the streams, or beginnings of them, that the bearer may read (["tenant/acme/"], ["system/"], [""] for all); exp is required; scope with ${ADMIN_SCOPE} opens /v1/consumers and /metrics.`,
];

/** What a relay tells of its gate, as lines of its log. None of them holds a token. */
export function logGate(log: Log): GateHooks {
  return {
    onKeysProblem: ({ message }) =>
      log.warn(`the keys of the issuer cannot be fetched (${message}): those that are known go on counting`),
    onKeysRecovered: () => log.info('the keys of the issuer can be fetched again'),
    onOwnTickets: () =>
      log.warn(
        'tickets of this relay are good for no other, and end with it: give all relays one --ticket-secret-file',
      ),
  };
}
