/**
 * The lines of two well-known loggers, as far as the example needs them. A real function would import `pino` or `bunyan`;
 * these spare whoever installs Spillway two packages.
 */
import { hostname } from 'node:os';

type Fields = Readonly<Record<string, unknown>>;

/** As `pino().info(fields, msg)` prints it: the time in ms since the epoch, neither name nor version. */
export function pinoInfo(fields: Fields, msg: string): void {
  const { pid } = process;
  console.log(JSON.stringify({ level: 30, time: Date.now(), pid, hostname: hostname(), ...fields, msg }));
}

/** As `bunyan.createLogger({ name }).warn(fields, msg)` prints it. */
export function bunyanWarn(name: string, fields: Fields, msg: string): void {
  const { pid } = process;
  const time = new Date().toISOString();
  console.log(JSON.stringify({ name, hostname: hostname(), pid, level: 40, ...fields, msg, time, v: 0 }));
}
