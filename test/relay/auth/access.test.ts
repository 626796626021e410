import fc from 'fast-check';
import t from 'tap';
import { accessOf, covers } from '../../../relay/auth/access.js';
import { parseStream, type Stream } from '../../../wire/index.js';

const stream = (name: string) => parseStream(name) as Stream;
const isCovered = (name: string, ...logs: string[]) => covers({ logs }, stream(name));

void t.test('a prefix covers the streams below it, by whole segments', async (t) => {
  for (const [name, prefix, expected] of [
    ['tenant/acme/', 'tenant/acme/', true],
    ['tenant/acme/web-1/', 'tenant/acme/', true],
    ['tenant/acme/web-1/', 'tenant/acme', true],
    ['tenant/acme/', 'tenant/', true],
    ['tenant/acme/', '', true],
    ['system/', '', true],
    ['system/scheduler/', 'system/', true],
    ['tenant/acme2/', 'tenant/acme/', false],
    ['tenant/acme2/', 'tenant/acme', false],
    ['tenant/acme/', 'tenant/acme/web-1/', false],
    ['tenant/acme/web-10/', 'tenant/acme/web-1', false],
    ['tenant/acme/', 'tenant/ACME/', false],
    ['tenant/acme/', 'tenant/*', false],
    ['tenant/acme/', 'tenant/ac*/', false],
    ['tenant/acme/', '/', false],
    ['tenant/acme/', '/tenant/acme/', false],
    ['tenant/acme/', 'tenant//', false],
    ['tenant/acme/', 'tenant/./acme/', false],
    ['tenant/acme/', 'tenant/x/../acme/', false],
    ['tenant/acme/', 'tenant/%61cme/', false],
    ['system/', 'tenant/', false],
    ['tenant/system/', 'system/', false],
  ] as const) {
    t.equal(isCovered(name, prefix), expected, `${JSON.stringify(prefix)} of ${name}`);
  }
  t.equal(isCovered('tenant/acme/'), false, 'no prefix at all');
  t.equal(isCovered('tenant/acme/', 'tenant/other/', 'tenant/acme/'), true, 'one of several');
});

void t.test(
  'whatever a prefix is made of, it never covers a tenant whose name it does not spell',
  async () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 24 }), (text) => {
        fc.pre(text !== 'acme' && !text.startsWith('acme/'));
        return text === '' || !isCovered('tenant/acme/web-1/', `tenant/${text}`);
      }),
    );
  },
);

void t.test('claims of another type grant nothing', async (t) => {
  for (const logs of ['tenant/acme/', undefined, null, 7, {}, [7, null, ['']], { 0: '' }]) {
    t.equal(covers(accessOf({ logs }, 0), stream('tenant/acme/')), false, JSON.stringify(logs));
  }
  for (const [scope, admin] of [
    ['spillway:admin', true],
    ['openid spillway:admin', true],
    ['spillway:admins', false],
    ['SPILLWAY:ADMIN', false],
    [['spillway:admin'], false],
    [true, false],
    [undefined, false],
  ] as const) {
    t.equal(accessOf({ scope, logs: [''] }, 0).admin, admin, JSON.stringify(scope));
  }
});
