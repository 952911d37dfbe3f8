import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { errorCatalogue, type ErrorDefinition } from '../../src/platform/errors/app-error.ts';
import { en } from '../../src/platform/i18n/locales/en.ts';
import { zhCN } from '../../src/platform/i18n/locales/zh-cn.ts';

/** What clients decide on. A number is never changed and never given another meaning; new ones are added here. */
const PUBLISHED: ReadonlyArray<readonly [code: number, status: number, key: string]> = [
  [10000, 500, 'platform.internal'],
  [10001, 400, 'platform.invalidRequest'],
  [10002, 400, 'platform.malformedRequest'],
  [10003, 404, 'platform.noSuchRoute'],
  [10004, 405, 'platform.methodNotAllowed'],
  [10005, 413, 'platform.bodyTooLarge'],
  [10006, 415, 'platform.unsupportedMediaType'],
  [10007, 431, 'platform.headersTooLong'],
  [10008, 429, 'platform.tooManyRequests'],
  [10009, 503, 'platform.overloaded'],
  [10010, 503, 'platform.dependencyUnavailable'],
  [10011, 408, 'platform.requestTimeout'],
  [10012, 417, 'platform.expectationFailed'],
  [10013, 412, 'platform.changedMeanwhile'],
  [11001, 401, 'auth.wrongCredentials'],
  [11002, 401, 'auth.notSignedIn'],
  [11003, 401, 'auth.invalidRefreshToken'],
  [11004, 403, 'access.notPermitted'],
  [11005, 403, 'credentials.wrongCurrentPassword'],
  [11006, 404, 'sessions.noSuchSession'],
  [11007, 401, 'auth.secondFactorNeeded'],
  [11008, 403, 'factors.refused'],
  [11009, 403, 'codes.challengeNotValid'],
  [11010, 401, 'auth.passwordChangeNeeded'],
  [11011, 401, 'auth.enrolmentNeeded'],
  [11012, 403, 'auth.notFresh'],
  [11013, 409, 'factors.passkeysNotSetUp'],
  [12001, 404, 'users.notFound'],
  [12002, 409, 'users.usernameTaken'],
  [12003, 409, 'users.emailTaken'],
  [12004, 409, 'users.phoneTaken'],
  [12005, 400, 'users.passwordRefused'],
  [12006, 409, 'users.lastAdministrator'],
  [12007, 409, 'users.notOnYourself'],
  [12008, 403, 'account.signUpClosed'],
  [12009, 403, 'account.domainNotAllowed'],
  [12010, 403, 'account.deletionOff'],
  [12011, 409, 'users.noEmail'],
  [12012, 409, 'factors.lastFactor'],
  [12013, 404, 'factors.noSuchFactor'],
  [12014, 409, 'factors.tooManyPasskeys'],
  [13001, 404, 'access.noSuchRole'],
  [13002, 409, 'access.roleKeyTaken'],
  [13003, 409, 'access.builtInRole'],
  [13004, 409, 'access.roleInUse'],
  [13005, 403, 'access.exceedsOwn'],
  [13006, 404, 'access.noSuchApplication'],
  [13007, 409, 'access.applicationKeyTaken'],
  [13008, 409, 'access.permissionsInUse'],
  [13009, 409, 'access.retiresTooMuch'],
  [14001, 404, 'menus.noSuchMenu'],
  [14002, 409, 'menus.menuKeyTaken'],
  [14003, 409, 'menus.misplaced'],
  [14004, 409, 'menus.hasChildren'],
  [14005, 409, 'menus.tooMany'],
  [15001, 410, 'audit.eventsRemoved'],
  [16001, 403, 'codes.notValid'],
  [16002, 409, 'codes.mailNotSetUp'],
  [17001, 404, 'keys.noSuchKey'],
  [17002, 409, 'keys.tooManyKeys'],
  [17003, 409, 'keys.ownerLacks'],
  [17004, 403, 'keys.notWithKey'],
  [17005, 409, 'keys.alreadyReplaced'],
  [17006, 409, 'keys.notForServiceAccount'],
];

const LOCALES: ReadonlyArray<readonly [string, Readonly<Record<string, string>>]> = [
  ['en', en],
  ['zh-CN', zhCN],
];

const sources = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((file) =>
  file.endsWith('.ts'),
);

let catalogue: readonly ErrorDefinition[];
beforeAll(async () => {
  const files = sources.filter((file) => file.endsWith('errors.ts'));
  await Promise.all(files.map((file) => import(join(process.cwd(), 'src', file))));
  catalogue = errorCatalogue();
});

const code = sources
  .filter((file) => !file.endsWith('spec.ts') && !file.includes('locales'))
  .map((file) => readFileSync(join('src', file), 'utf8'))
  .join('');

/** The names of the rules that the code refuses a field by, where they stand beside the word. */
const RULES = [...code.matchAll(/\brule(?:\(|:)\s*'(\w+)'/g)].map(([, name = '']) => name);

/** Keys that the code puts together, such as `mail.${template}.subject`. */
const COMPOSED = [...code.matchAll(/`(mail\.[^`]*)`/g)].map(
  ([, key = '']) => new RegExp(`^${key.replaceAll('.', '\\.').replace(/\$\{\w+\}/g, '\\w+')}$`),
);

describe('the error catalogue', () => {
  it('has the numbers, statuses and keys that were published, and no others', () => {
    expect(catalogue.map(({ code, status, key }) => [code, status, key])).toEqual(PUBLISHED);
  });
});

describe.each(LOCALES)('the texts in %s', (_, texts) => {
  it('say something for every published error', () => {
    const silent = catalogue.filter(({ key }) => !texts[key]?.trim());
    expect(silent).toEqual([]);
  });

  it('say something for every rule', () => {
    expect(RULES).toContain('length');
    expect(RULES.filter((name) => !texts[`rule.${name}`]?.trim())).toEqual([]);
  });

  it('say nothing that nobody asks for', () => {
    const keys = new Set(['ok', ...catalogue.map(({ key }) => key)]);
    const left = Object.keys(texts).filter(
      (key) =>
        !keys.has(key) &&
        !code.includes(`'${key.replace('rule.', '')}'`) &&
        !COMPOSED.some((form) => form.test(key)),
    );
    expect(left).toEqual([]);
  });

  it('are filled from the same parameters as in English', () => {
    const parameters = (text = ''): string[] => [...text.matchAll(/\{\w+\}/g)].map(String).toSorted();
    for (const [key, text] of Object.entries(texts))
      expect(parameters(text), key).toEqual(parameters(LOCALES[0]?.[1][key]));
  });
});

describe('the texts in zh-CN', () => {
  it('are in Chinese', () => {
    const foreign = Object.entries(zhCN).filter(([, text]) => !/\p{Script=Han}/u.test(text));
    expect(foreign).toEqual([]);
  });
});
