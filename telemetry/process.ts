import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { observe } from './registry.js';

/** How often the delay of the event loop is sampled, ms. */
const RESOLUTION_MS = 10;

const NANOSECONDS = 1e9;
const MICROSECONDS = 1e6;

/**
 * Shows what this process uses until stopped. The event loop's numbers begin anew with each collection; with two
 * collectors (Prometheus and OTLP) each sees what came after the other's. `reset` forgets the last sample too, so what
 * holds up the very first one behind a collection is not seen.
 *
 * perf_hooks times the interval between two samples, so an idle loop shows about the resolution; that much is taken
 * off.
 */
export function observeProcess(): () => void {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delay.enable();
  const seconds = (interval: number) => Math.max(0, interval / NANOSECONDS - RESOLUTION_MS / 1000);
  let since = performance.eventLoopUtilization();
  const stop = observe((readings) => {
    readings.add('memory', process.memoryUsage.rss());
    const { user, system } = process.cpuUsage();
    readings.add('cpuTime', user / MICROSECONDS, { 'cpu.mode': 'user' });
    readings.add('cpuTime', system / MICROSECONDS, { 'cpu.mode': 'system' });
    const now = performance.eventLoopUtilization();
    readings.add('loopUtilization', performance.eventLoopUtilization(now, since).utilization);
    since = now;
    readings.add('loopDelayP50', seconds(delay.percentile(50)));
    readings.add('loopDelayP99', seconds(delay.percentile(99)));
    readings.add('loopDelayMax', seconds(delay.max));
    delay.reset();
  });
  return () => {
    stop();
    delay.disable();
  };
}
