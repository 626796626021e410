import type { OptionTable, OptionValues } from '../../cli/command.js';
import { BenchError } from './errors.js';
import type { ScenarioResult } from './results.js';
import type { Scenario } from './scenario.js';
import { progress } from './terminal.js';

/** Runs one scenario; a failure is a result too, so that the others still run. Defects of the harness are thrown. */
export async function runScenario<O extends OptionTable>(
  scenario: Scenario<O>,
  values: OptionValues<O>,
  { profile, place }: { profile: boolean; place: string },
): Promise<ScenarioResult> {
  const { name } = scenario.spec;
  const began = performance.now();
  const about = { scenario: name, question: scenario.question, options: values };
  const seconds = () => Math.round((performance.now() - began) / 100) / 10;
  try {
    const outcome = await scenario.run(values, {
      profile,
      progress: (sentence) => progress(`${place} ${name}: ${sentence}`),
    });
    return { ...about, seconds: seconds(), outcome };
  } catch (error) {
    if (!(error instanceof BenchError)) throw error;
    return { ...about, seconds: seconds(), failure: error.message };
  } finally {
    progress('');
  }
}
