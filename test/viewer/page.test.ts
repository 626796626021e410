import t from 'tap';
import { spillway } from '../support/processes.js';
import { needsChromium } from '../support/programs.js';
import { Reading } from './reading.js';

const skip = needsChromium();

const reading = new Reading(t);

void t.test(
  'lines appear with their level and colours, and a record opens as a tree',
  { skip },
  async (t) => {
    const viewer = await reading.read(t, 'acme');
    const print = reading.container(t, 'colours');
    print('\u001b[32mgreen\u001b[0m and plain', 'ERROR: it broke');
    print('{"level":40,"time":1790000000000,"req":{"method":"GET","deep":{"er":[1,2]}},"msg":"slow"}');
    await viewer.sees('slow req.method=GET req.deep.er=[2]');
    const { page } = viewer;
    t.equal(await page.textContent('.row .ansi-green-fg'), 'green');
    t.equal(await page.getAttribute('.row:has-text("it broke")', 'data-level'), 'error');
    t.equal(await page.textContent('.row:has-text("slow") .from'), 'colours');

    await page.click('.row:has-text("slow")');
    t.equal(await page.textContent('aside .message'), 'slow');
    await page.click('aside summary:has-text("req")');
    await page.click('aside summary:has-text("deep")');
    await page.click('aside summary:has-text("er")');
    t.match(await page.textContent('aside .tree .tree'), /methodGET/);
    t.match(page.url(), /#tenant\/acme\?at=[\w-]+\.[0-9a-z]+&time=/, 'the address leads to the record');
    await page.keyboard.press('Escape');
    t.equal(await page.isVisible('aside'), false);
    t.same(viewer.complaints, []);
  },
);

void t.test('a filter hides, a highlight marks, levels are shown or not', { skip }, async (t) => {
  const viewer = await reading.read(t, 'acme/filter');
  const print = reading.container(t, 'filter');
  print('apple pie', 'banana split', 'ERROR: no apples', 'DEBUG: cherry');
  await viewer.sees('cherry');
  const { page } = viewer;
  await page.keyboard.press('/');
  await page.keyboard.type('APPLE');
  await viewer.reads('#found', /^2 of 4$/);
  await viewer.shows('apple pie', 'ERROR: no apples');
  t.equal(await page.textContent('.row mark'), 'apple');
  await page.fill('#query', '/^(banana|debug)/i');
  await viewer.reads('#found', /^2 of 4$/);
  await viewer.shows('banana split', 'DEBUG: cherry');
  print('a banana too late', 'banana in time');
  await viewer.reads('#found', /^3 of 6$/);
  await page.click('#mode-highlight');
  await viewer.sees('apple pie');
  t.equal((await viewer.rows()).length, 6);
  t.same(await page.$$eval('mark', (marks) => marks.map((mark) => mark.textContent)), [
    'banana',
    'DEBUG',
    'banana',
  ]);
  await page.fill('#query', '/(/');
  await viewer.reads('#found', /Unterminated group/);
  await page.fill('#query', '');
  await page.click('#levels [data-level="info"]');
  await viewer.reads('#found', /^2 of 6$/);
  await viewer.shows('ERROR: no apples', 'DEBUG: cherry');
  t.same(viewer.complaints, []);
});

void t.test('a link to a record opens it elsewhere, with what came around it', { skip }, async (t) => {
  const viewer = await reading.read(t, 'acme/link');
  const print = reading.container(t, 'link');
  print(...Array.from({ length: 20 }, (_, i) => `line ${i} of the link`));
  await viewer.sees('line 19');
  await viewer.page.click('.row:has-text("line 7 of")');
  await viewer.reads('aside .message', /^line 7 /);
  const other = await reading.open(t, viewer.page.url());
  await other.reads('aside .message', /^line 7 of the link$/);
  await other.reads('#pause', /Paused/);
  await other.sees('line 0 of');
  await other.sees('line 19 of');
  const gone = viewer.page.url().replace(/at=[^&]+/, 'at=nobody.1');
  const late = await reading.open(t, gone);
  await late.reads('#kept', /no longer remembered/);
  await late.sees('line 19 of');
  t.same([...viewer.complaints, ...other.complaints, ...late.complaints], []);
});

void t.test('a stream begins with its recent past', { skip }, async (t) => {
  const first = await reading.read(t, 'acme/past');
  const print = reading.container(t, 'past');
  print('printed before');
  await first.sees('printed before');
  const second = await reading.read(t, 'acme/past');
  await second.sees('printed before');
});

void t.test(
  'a scroll up pauses, and what comes is counted until the reader wants it',
  { skip },
  async (t) => {
    const viewer = await reading.read(t, 'acme/pause');
    const print = reading.container(t, 'pause');
    print(...Array.from({ length: 200 }, (_, i) => `old ${i}`));
    await viewer.sees('old 199');
    const { page } = viewer;
    await page.mouse.move(600, 400);
    await page.mouse.wheel(0, -600);
    await viewer.reads('#pause', /Paused/);
    const top = () => page.$eval('#list', (list) => list.scrollTop);
    await viewer.until(async () => (await top()) < 200 * 22 - 1000, 'a scroll');
    // A turn of the wheel is an animation: the list stands still when it has for some frames.
    await page.$eval('#list', async (list) => {
      for (let still = 0, top = list.scrollTop; still < 10; top = list.scrollTop) {
        await new Promise((resolve) => requestAnimationFrame(resolve));
        still = list.scrollTop === top ? still + 1 : 0;
      }
    });
    const before = await viewer.rows();
    print(...Array.from({ length: 50 }, (_, i) => `new ${i}`));
    await viewer.reads('#fresh', /^\+50 new/);
    t.same(await viewer.rows(), before, 'nothing moves under the reader');
    await page.click('#fresh');
    await viewer.sees('new 49');
    t.equal(await page.isVisible('#fresh'), false);
    await page.mouse.wheel(0, -600);
    await viewer.reads('#pause', /Paused/);
    await page.mouse.wheel(0, 10_000);
    await viewer.reads('#pause', /Following/);
    t.same(viewer.complaints, []);
  },
);

void t.test('the keyboard does it all', { skip }, async (t) => {
  const viewer = await reading.read(t, 'acme/keys');
  const print = reading.container(t, 'keys');
  print(...Array.from({ length: 100 }, (_, i) => `line ${i}`));
  await viewer.sees('line 99');
  const { page } = viewer;
  const press = async (...keys: readonly string[]) => {
    for (const key of keys) await page.keyboard.press(key);
  };
  const selected = () => page.textContent('.row.selected .text');
  await press('k');
  await page.waitForSelector('.row.selected');
  t.equal(await selected(), 'line 99', 'from nothing, k takes the last one in sight');
  await press('k', 'k', 'j', 'Enter');
  await viewer.reads('aside .message', /^line 98$/);
  await press('k');
  await viewer.reads('aside .message', /^line 97$/);
  await press('Escape', 'g');
  await viewer.sees('line 0');
  await press('Shift+G');
  await viewer.sees('line 99');
  await viewer.reads('#pause', /Following/);
  await press('Space');
  await viewer.reads('#pause', /Paused/);
  await press('Space');
  await viewer.reads('#pause', /Following/);
  await press('?');
  await viewer.reads('dialog', /Keyboard/);
  await press('Escape', '/');
  t.equal(await page.evaluate(() => document.activeElement?.id), 'query');
  await page.keyboard.type('jk');
  t.equal(await page.inputValue('#query'), 'jk', 'in the field, letters are letters');
  await press('Escape', 's');
  await viewer.reads('#picker', /acme\/keys/);
  t.same(viewer.complaints, []);
});

void t.test(
  'a control that is pressed keeps the focus, so that it can be pressed again',
  { skip },
  async (t) => {
    const viewer = await reading.read(t, 'acme/focus');
    const print = reading.container(t, 'focus');
    const many = Object.fromEntries(Array.from({ length: 450 }, (_, i) => [`field-${i}`, i]));
    print('line 0', 'line 1', JSON.stringify({ msg: 'line 2', level: 30, many }));
    await viewer.sees('line 2');
    const { page } = viewer;
    const focused = () => page.evaluate(() => document.activeElement?.textContent);
    await page.click('.row:has-text("line 0")');
    await page.focus('aside button:has-text("↓")');
    for (const line of [1, 2]) {
      await page.keyboard.press('Enter');
      await viewer.reads('aside .message', new RegExp(`^line ${line}$`));
      t.equal(await focused(), '↓');
    }
    await page.click('aside summary:has-text("many")');
    await page.focus('aside .more button');
    for (const [rest, made] of [
      ['250 more', 200],
      ['50 more', 400],
      ['all 450', 450],
      ['all 450', 450],
    ] as const) {
      t.equal(await focused(), rest);
      t.equal(await page.$$eval('aside details dt', (names) => names.length), made);
      await page.keyboard.press('Enter');
    }
    // A branch goes with its record; the focus stays with the fields.
    await page.focus('aside summary:has-text("many")');
    await page.keyboard.press('k');
    await viewer.reads('aside .message', /^line 1$/);
    t.equal(await page.evaluate(() => document.activeElement?.ariaLabel), 'Fields');
    t.same(viewer.complaints, []);
  },
);

void t.test('records dropped are told in their place and summed up in the head', { skip }, async (t) => {
  const viewer = await reading.read(t, 'acme/drops');
  const LINES = 9_000;
  const flood = `let s='';for(let i=0;i<${LINES};i++)s+='line '+i+'\\n';process.stdout.write(s);`;
  const { publish } = reading.parts;
  const whose = ['--tenant', 'acme', '--container', 'drops', '--to', publish, '--no-passthrough'];
  const small = ['--hwm', '100', '--overflow', 'drop-newest'];
  const part = spillway(t, ['sidecar', ...whose, ...small, '--', process.execPath, '-e', flood]);
  await part.ended;
  const told = await viewer.reads('#drops', /^[\d,]+ dropped$/);
  const { page } = viewer;
  // Notices pass every filter, and with no record between them they are in sight wherever they stand.
  await page.fill('#query', 'no line says this');
  await viewer.reads('#found', /^[\d,]+ of [\d,]+$/);
  await page.waitForSelector('.row[data-kind="notice"]:not([hidden])');
  t.match(
    await page.textContent('.row[data-kind="notice"]'),
    /records dropped in the sidecar: its queue was full/,
  );
  await page.click('#drops');
  await viewer.reads('#drops-list', /sidecar\s*sidecar-overflow/);
  const number = async (selector: string) =>
    Number((await page.textContent(selector))?.replaceAll(/\D/g, ''));
  await viewer.until(
    async () => (await number('#drops')) + (await number('#levels [data-level="info"] span')) === LINES,
    'every line, read or told',
  );
  t.ok(told);
  t.same(viewer.complaints, []);
});

void t.test('a hostile line is text, whatever it says', { skip }, async (t) => {
  const viewer = await reading.read(t, 'acme/hostile');
  const print = reading.container(t, 'hostile');
  print(
    '<script>window.hit = 1</script>',
    '<img src=x onerror="window.hit = 2">',
    '"><svg onload=window.hit=3>',
    '{"msg":"<b onmouseover=alert(1)>x</b>","<i>key</i>":"<a href=javascript:alert(1)>click</a>","level":30,"__proto__":{"hit":4}}',
    '\u202Etxt.exe \u2066isolated\u2069 \u001b]0;title\u0007\u001b[2J\u001b[8mhidden\u001b[0m \u0000 end',
  );
  await viewer.sees('end');
  const { page } = viewer;
  t.match((await viewer.rows()).at(-1), /^<U\+202E>txt\.exe <U\+2066>isolated/);
  for (let i = 0; i < 5; i++) {
    await page.keyboard.press('k');
    if (i === 0) await page.keyboard.press('Enter');
    await page.waitForTimeout(0);
  }
  const made = await page.$$eval(
    'main script, main img, main svg, main a, main i, main b, main [onmouseover]',
    (found) => found.length,
  );
  t.equal(made, 0, 'no element came of a line');
  t.equal(await page.evaluate(() => (globalThis as { hit?: unknown }).hit), undefined);
  t.equal(await page.title(), 'acme/hostile · Spillway');
  t.same(viewer.complaints, [], 'and the policy had nothing to forbid');
});

void t.test('an error is unfolded with its record, and errors within it are not', { skip }, async (t) => {
  const viewer = await reading.read(t, 'acme/errors');
  const print = reading.container(t, 'errors');
  const DEPTH = 5_000;
  print(`{"msg":"boom","level":50,"err":${'{"err":'.repeat(DEPTH)}1${'}'.repeat(DEPTH)}}`);
  await viewer.sees('boom');
  const { page } = viewer;
  await page.click('.row:has-text("boom")');
  await viewer.reads('aside details details summary', /^err/);
  // What unfolds does so by events: in that many turns everything would have that is ever going to.
  const open = await page.evaluate(async () => {
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => requestAnimationFrame(resolve));
    return document.querySelectorAll('aside details[open]').length;
  });
  t.equal(open, 1);
  t.same(viewer.complaints, []);
});

void t.test('markup cannot be made of a string, even by a mistake in the page', { skip }, async (t) => {
  const viewer = await reading.open(t);
  const outcome = await viewer.page.evaluate(() => {
    try {
      document.body.innerHTML = '<b>x</b>';
      return 'made';
    } catch (error) {
      return (error as Error).name;
    }
  });
  t.equal(outcome, 'TypeError');
});

void t.test('it fits a telephone', { skip }, async (t) => {
  const viewer = await reading.open(t, '/#acme/phone', {
    viewport: { width: 360, height: 640 },
  });
  await viewer.isLive();
  const print = reading.container(t, 'phone');
  print(`a long line ${'x'.repeat(500)}`, 'last');
  await viewer.sees('last');
  const { page } = viewer;
  const width = () => page.evaluate(() => document.documentElement.scrollWidth);
  t.equal(await width(), 360, 'nothing sticks out');
  await page.click('.row:has-text("a long line")');
  await viewer.reads('aside .message', /^a long line/);
  t.equal(await width(), 360);
  const cut = await page.$$eval('header button, header input', (elements) =>
    elements
      .filter((element) => element.checkVisibility() && element.getBoundingClientRect().right > 360)
      .map((element) => element.id || element.textContent),
  );
  t.same(cut, [], 'every control is in sight');
});

void t.test('a stream is chosen by name, and remembered', { skip }, async (t) => {
  const viewer = await reading.open(t);
  const { page } = viewer;
  await viewer.reads('#curtain', /What do you want to read/);
  await page.fill('#curtain input', 'not a name');
  await page.keyboard.press('Enter');
  await viewer.reads('#curtain .complaint', /A name has letters/);
  await page.fill('#curtain input', 'acme/chosen');
  await page.keyboard.press('Enter');
  await viewer.isLive();
  t.match(page.url(), /#tenant\/acme\/chosen$/);
  await page.goto('about:blank');
  await page.goto(reading.parts.url);
  await page.click('#curtain .streams button:has-text("acme/chosen")');
  await viewer.isLive();
});
