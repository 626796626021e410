// Question: what does a sidecar cost the container that it sits in?
//
// Lines: from the first line that the program prints to the receipt of the last record by a process that only counts, and,
// apart from that, the CPU time that the sidecar used. Memory: the most that was resident while the program printed what
// nobody reads, looked at every 50 ms. Start: the moment at which `date` runs, with and without a sidecar around it.
import { defineScenario, ROUNDS } from '../lib/scenario.js';
import { measureCollector } from './sidecar/collector.js';
import { measureLines } from './sidecar/lines.js';
import { measureMemory } from './sidecar/memory.js';
import { measureStart } from './sidecar/start.js';

export const sidecar = defineScenario({
  name: 'sidecar',
  summary: 'the sidecar alone: lines a second and core, memory in a burst, delay of a start',
  question:
    'How many lines a second does a sidecar take, in how much memory, and how much later does a command start?',
  options: {
    lines: { type: 'integer', default: 1_000_000, min: 1, unit: 'lines', help: 'what the program prints' },
    burst: { type: 'bytes', default: '1GB', unit: 'bytes', help: 'the burst that nobody reads' },
    starts: { type: 'integer', default: 20, min: 1, unit: 'pairs', help: 'starts with and without' },
    rounds: ROUNDS,
  },
  inAll: ['--rounds', '2', '--starts', '10'],
  async run({ lines, burst, starts, rounds }, bench) {
    const { figures, use } = await measureLines(lines, rounds, bench);
    const other = await measureCollector(Math.ceil(lines / 4), rounds, bench);
    const memory = await measureMemory(burst, bench);
    const start = await measureStart(starts, bench);
    return {
      setup: [
        `a program under a sidecar prints ${lines} lines; a process that only counts takes the records (--overflow block)`,
        `memory: ${Math.round(burst / 1e6)} MB that nobody asks for, and with no consolidator there at all`,
        `start: ${starts} pairs of \`date\`, with and without a sidecar, one after the other`,
        ...other.setup,
      ],
      figures: [...figures, ...other.figures, ...memory, ...start],
      processes: { ...use, ...other.use },
      notes: other.notes,
    };
  },
});
