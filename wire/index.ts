export {
  cursorEntry,
  formatCursor,
  formatOwed,
  MAX_CURSOR_NODES,
  parseCursor,
  parseOwed,
  type Cursor,
  type Owed,
} from './cursor.js';
export {
  formatLedger,
  isNodeLedger,
  MAX_LEDGER_BYTES,
  MAX_NUMBER,
  parseLedger,
  withoutRecords,
  type Beginning,
  type Ledger,
  type NodeLedger,
  type Origin,
} from './ledger.js';
export { formatMark, parseMark, type Mark } from './mark.js';
export {
  countRecords,
  DEFAULT_MAX_BODY_BYTES,
  parseMessage,
  REFUSALS,
  skipRecords,
  takeRecords,
  type Message,
  type Refusal,
} from './message.js';
export { LEVELS, parseLevel, type LevelName, type LogRecord, type StdStream } from './record.js';
export {
  formatReplayAnswer,
  formatReplayRequest,
  MAX_PAGE_BATCHES,
  MAX_PAGE_BYTES,
  MAX_REPLAY_REQUEST_BYTES,
  parseReplayAnswer,
  parseReplayRequest,
  type PageRequest,
  type PageStart,
  type RememberedBatch,
  type RememberedLedger,
  type RememberedSource,
  type ReplayAnswer,
  type ReplayPage,
  type ReplayRequest,
} from './replay.js';
export {
  formatPresence,
  formatSubscription,
  parsePresence,
  parseSubscription,
  PRESENCE_PREFIX,
  type Subscription,
} from './subscription.js';
export {
  formatStream,
  formatTopic,
  isSegment,
  leafOf,
  MAX_TOPIC_BYTES,
  parseStream,
  parseTopic,
  streamsOf,
  wideStreamOf,
  type Stream,
  type SystemTopic,
  type TenantTopic,
  type Topic,
} from './topic.js';
