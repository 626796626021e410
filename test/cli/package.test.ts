import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t from 'tap';

const ROOT = new URL('../../', import.meta.url);

void t.test('everything that the package exports is there, with its types', async (t) => {
  const { exports, bin } = JSON.parse(readFileSync(new URL('package.json', ROOT), 'utf8')) as {
    exports: Record<string, string | Record<string, string>>;
    bin: Record<string, string>;
  };
  const targets = Object.values(exports);
  const files = targets.flatMap((target) => (typeof target === 'string' ? [target] : Object.values(target)));
  for (const file of [...files, ...Object.values(bin)])
    t.ok(existsSync(fileURLToPath(new URL(file, ROOT))), file);
  for (const file of files.filter((name) => name.endsWith('.js'))) {
    const module = (await import(new URL(file, ROOT).href)) as object;
    t.ok(Object.keys(module).length > 0, file);
  }
});
