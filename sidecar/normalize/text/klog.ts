import { LEVELS } from '../../../wire/record.js';
import type { Pairs } from './pairs.js';

const HEADER =
  /^([IWEF])(\d{4} \d\d:\d\d:\d\d\.\d{6}) {1,8}(\d{1,10}) ([^\s:\]]{1,255}):(\d{1,9})\] ?([^]*)$/;
const BY_LETTER: Readonly<Record<string, number>> = {
  I: LEVELS.info,
  W: LEVELS.warn,
  E: LEVELS.error,
  F: LEVELS.fatal,
};

/**
 * klog and glog: `Lmmdd hh:mm:ss.uuuuuu threadid file:line] msg`. The time has no year and no zone, so it stays under
 * `orig` and the record has the time of capture. klog writes its process id as the thread's.
 *
 * @see https://github.com/kubernetes/klog/blob/main/klog.go, formatHeader
 */
export function readKlog(line: string): Pairs | undefined {
  const match = HEADER.exec(line);
  if (match === null) return undefined;
  const [, letter = '', time, pid, file, number, msg] = match;
  return [
    ['level', BY_LETTER[letter]],
    ['msg', msg],
    ['time', time],
    ['pid', Number(pid)],
    ['src', { file, line: Number(number) }],
  ];
}
