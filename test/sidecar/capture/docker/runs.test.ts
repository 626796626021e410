import t from 'tap';
import type { ContainerState } from '../../../../sidecar/capture/docker/engine.js';
import { DockerRuns } from '../../../../sidecar/capture/docker/runs.js';
import type { LifeEvent } from '../../../../sidecar/capture/index.js';

const at = (day: number, second = 0) => Date.UTC(2026, 0, day, 0, 0, second);

function state(day: number, fields: Partial<ContainerState> = {}): ContainerState {
  const startedAt = new Date(at(day)).toISOString();
  const now = { running: true, exitCode: 0, finishedAt: Number.NaN };
  return { id: 'a'.repeat(64), image: 'web:1', terminal: false, startedAt, ...now, ...fields };
}

function runs() {
  const life: LifeEvent[] = [];
  return { life, runs: new DockerRuns('web', (event) => life.push(event)) };
}

void t.test('Of a container that was removed, only the death of its last run gives the exit code.', (t) => {
  for (const [which, death, code] of [
    ['its own', { code: 2, at: at(2, 1) }, 2],
    ['an earlier one', { code: 1, at: at(1, 1) }, undefined],
    ['none', undefined, undefined],
  ] as const) {
    const { life, runs: seen } = runs();
    const over = state(1, { running: false, exitCode: 1, finishedAt: at(1, 1) });
    seen.seen(state(1), undefined);
    seen.seen(over, undefined);
    seen.over(over);
    seen.seen(state(2, { finishedAt: at(1, 1) }), undefined);
    seen.seen(undefined, death);
    const ended = life.filter(({ kind }) => kind === 'ended');
    t.strictSame(
      ended.map((event) => event.code),
      [1, code],
      which,
    );
  }
  t.end();
});

void t.test('It is found again once its log is read, and not when the engine only knows of it.', (t) => {
  const { life, runs: seen } = runs();
  const told = () => life.splice(0).map(({ kind }) => kind);
  seen.lost('there is no engine');
  seen.seen(state(1), undefined);
  t.strictSame(told(), ['lost', 'started']);
  for (let look = 0; look < 3; look += 1) {
    seen.seen(state(1), undefined);
    seen.lost('its log cannot be read');
  }
  t.strictSame(told(), ['lost']);
  seen.seen(state(1), undefined);
  seen.followed(state(1));
  seen.followed(state(1));
  t.strictSame(told(), ['found']);
  t.end();
});
