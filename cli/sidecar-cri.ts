import {
  attachCri,
  labelsIn,
  topicNames,
  type CriContainer,
  type CriOutput,
} from '../sidecar/capture/index.js';
import type { LifeLog } from './sidecar-life.js';
import { openOutput, report, reportRedacted, type OutputContext } from './sidecar-output.js';
import { topicOf, type SidecarValues } from './sidecar.js';
import { untilStopped } from './stop.js';

/** Runs until it is stopped: one publisher for each container that `path` names, `--max-containers` at most. */
export async function runCri(path: string, context: OutputContext, life: LifeLog): Promise<number> {
  const { values, log } = context;
  const closing = new Set<Promise<unknown>>();
  const open = (container: CriContainer): CriOutput | undefined => {
    const { file } = container;
    const labels = container.labels ?? labelsIn(values.pod, file);
    if (!isWanted(labels?.container, values)) return undefined;
    const topic = topicOf(values, labels && topicNames(labels));
    if (topic === undefined) {
      const msg = `${file} does not say whose it is: give --tenant and --container, or name Kubernetes' own files`;
      life.of(undefined)({ kind: 'lost', msg });
      log.warn(msg);
      return undefined;
    }
    // `container` is the topic's own word, and holds this one's name.
    const fields: Readonly<Record<string, string>> =
      labels === undefined ? {} : { namespace: labels.namespace, pod: labels.pod };
    const output = openOutput(context, topic, () => container, fields);
    return {
      sink: output,
      onLife: life.of(topic, fields),
      close() {
        const closed = output.close().then((stats) => {
          report(log, stats);
          reportRedacted(log, output, file);
          closing.delete(closed);
        });
        closing.add(closed);
      },
    };
  };
  const capture = attachCri(path, {
    open,
    onLife: life.of(undefined),
    maxContainers: values.maxContainers,
    historyMs: values.history,
    drainTimeoutMs: values.flushTimeout,
  });
  log.info(`ready: following ${path}`, { source: 'cri' });
  const { code } = await untilStopped();
  capture.stop();
  await capture.ended;
  await Promise.all([...closing, life.close()]);
  return code;
}

function isWanted(container: string | undefined, { only, skip }: SidecarValues): boolean {
  if (container === undefined) return only.length === 0;
  return (only.length === 0 || only.includes(container)) && !skip.includes(container);
}
