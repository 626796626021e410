/** The greeting and the READY of a ZMTP 3.0 peer without security, for tests that speak to ZeroMQ byte by byte. */
export function handshake(type: string): Buffer {
  const greeting = Buffer.from(
    `\xff${'\0'.repeat(7)}\x01\x7f\x03\x00NULL${'\0'.repeat(16)}\0${'\0'.repeat(31)}`,
    'latin1',
  );
  const property = Buffer.from(`\x0bSocket-Type\0\0\0${String.fromCharCode(type.length)}${type}`, 'latin1');
  const ready = Buffer.concat([Buffer.from('\x05READY', 'latin1'), property]);
  return Buffer.concat([greeting, Buffer.from([4, ready.length]), ready]);
}

/** The beginning of a frame that announces so many bytes. */
export function longFrame(bytes: bigint): Buffer {
  const length = Buffer.alloc(8);
  length.writeBigUInt64BE(bytes);
  return Buffer.concat([Buffer.from([2]), length, Buffer.alloc(65_536, 'x')]);
}

/** A PING command: a short command frame, its name's length, its name. */
export const PING = Buffer.from('\x04PING', 'latin1');
