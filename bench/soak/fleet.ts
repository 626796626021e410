import { startPart } from '../lib/parts.js';
import type { Scope } from '../lib/scope.js';
import type { Plan } from './plan.js';
import { Post } from './post.js';

/** One VM: its consolidator, and where to find it. */
export interface Vm {
  readonly post: Post;
  readonly publish: string;
  /** Where relays read it. */
  readonly from: string;
}

/** Starts a consolidator; its successors get the ports that the system chose for the first. */
export async function startVm(scope: Scope, index: number, plan: Plan['vms'][number]): Promise<Vm> {
  const any = 'tcp://127.0.0.1:*';
  let endpoints = { publish: any, subscribe: any, replay: any };
  const post = new Post(`consolidator ${index}`, async () => {
    const { publish, subscribe, replay } = endpoints;
    const bound = ['--publish', publish, '--subscribe', subscribe, '--replay', replay, '--http', 'off'];
    const marks = ['--send-hwm', String(plan.sendHwm), '--receive-hwm', String(plan.receiveHwm)];
    const part = startPart(scope, ['consolidator', ...bound, ...marks]);
    endpoints = (await part.ready()) as typeof endpoints;
    return part;
  });
  await post.start();
  const { publish, subscribe, replay } = endpoints;
  return { post, publish, from: `${subscribe} replay=${replay}` };
}

export interface RelayPost {
  readonly post: Post;
  /** The same for all its lives. */
  readonly url: string;
}

/** Starts a relay that reads all VMs. */
export async function startRelayPost(scope: Scope, index: number, vms: readonly Vm[]): Promise<RelayPost> {
  let listen = '127.0.0.1:0';
  let url = '';
  const from = vms.map((vm) => vm.from).join(',');
  const post = new Post(`relay ${index}`, async () => {
    const part = startPart(scope, ['relay', '--from', from, '--listen', listen]);
    ({ url = '' } = await part.ready());
    listen = new URL(url).host;
    return part;
  });
  await post.start();
  return { post, url };
}

/** Waits until a relay says that it is connected to all VMs. @param vms how many those are */
export async function untilConnected(url: string, vms: number): Promise<void> {
  for (;;) {
    const answer = await fetch(`${url}/readyz`);
    if (answer.ok && Number.parseInt(await answer.text(), 10) >= vms) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
