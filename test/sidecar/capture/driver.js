// What a sidecar does with a command and nothing else: launches it, passes its output through, exits with its code.
// A process of its own, as signals, exit codes and descriptors belong to a process. Settings come as JSON in DRIVER:
//   attachAfterMs  time between the launch and the first read
//   drainTimeoutMs
//   pipes          false: as on a machine that can make no pipe
//   report         file that gets {launchMs, end, captured, unpassed} at the end
import { writeFileSync } from 'node:fs';
import { launch } from '../../../dist/sidecar/capture/launch.js';

const started = performance.now();
const settings = JSON.parse(process.env.DRIVER ?? '{}');
delete process.env.DRIVER;
const launched = launch(process.argv.slice(2), settings.pipes === false ? { pipes: () => undefined } : {});
const launchMs = performance.now() - started;

const { attachExec, Passthrough } = await import('../../../dist/sidecar/capture/index.js');
if (settings.attachAfterMs) await new Promise((resolve) => setTimeout(resolve, settings.attachAfterMs));
const passthrough = new Passthrough();
const captured = { stdout: 0, stderr: 0 };
const sink = {
  chunk(stream, data) {
    captured[stream] += data.length;
    passthrough.chunk(stream, data);
  },
};
const { drainTimeoutMs } = settings;
const capture = attachExec(launched, sink, drainTimeoutMs === undefined ? {} : { drainTimeoutMs });
const end = await capture.ended;
const unpassed = await passthrough.flush(500);
capture.close();
if (settings.report) writeFileSync(settings.report, JSON.stringify({ launchMs, end, captured, unpassed }));
process.exit(end.code);
