import { describe, expect, it } from 'vitest';
import { adminx, ruoyi, soybean, vben } from './front-ends/expected.ts';
import { codeBelow, complaints, readPage, run } from './front-ends/page-code.ts';
import { confusable, deepest, sample } from './front-ends/sample.ts';

const page = readPage();
const menus = codeBelow(page, 'What a person sees', 'ts');
const adapters = [
  { heading: 'RuoYi', file: 'ruoyi', types: 'RouterVo', name: 'toRuoYi', expected: ruoyi },
  {
    heading: 'Vben Admin 5',
    file: 'vben',
    types: 'RouteRecordStringComponent',
    name: 'toVben',
    expected: vben,
  },
  {
    heading: 'Soybean Admin',
    file: 'soybean',
    types: 'MenuRoute, UserRoute',
    name: 'toSoybean',
    expected: soybean,
  },
  { heading: 'adminx', file: 'adminx', types: 'MenuValue', name: 'toAdminx', expected: adminx },
].map((adapter) => ({ ...adapter, code: codeBelow(page, adapter.heading, 'ts') }));

const codes = ['orders:refund'];

async function adapt(wanted: string, answer: object): Promise<unknown> {
  const { code = '' } = adapters.find(({ name }) => name === wanted) ?? {};
  const { [wanted]: adapter } = await run(code);
  const result = wanted === 'toAdminx' ? adapter?.(answer, codes) : adapter?.(answer);
  // As a front end gets it.
  return JSON.parse(JSON.stringify(result));
}

/** Every value of that field, wherever it stands. */
function all(field: string, value: unknown): unknown[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, below]) => [
    ...(key === field ? [below] : []),
    ...(key === 'meta' ? [] : all(field, below)),
  ]);
}

describe('the code in docs/menus.md', () => {
  it('is correct by the types of each front end, and so is the example', () => {
    const files = adapters.map(({ file, types, code }) => [
      `to-${file}.ts`,
      `import type { Menu, MyMenus } from './menus.ts';\n` +
        `import type { ${types} } from './${file}.ts';\n${code}\nexport type Given = Menu | MyMenus;`,
    ]);
    const answer = codeBelow(page, 'What a person sees', 'json');
    const answers = [
      `{ code: number; data: MyMenus; msg: string } = ${answer}`,
      ...[sample, confusable, deepest].map((tree) => `MyMenus = ${JSON.stringify(tree)}`),
    ].map((text, index) => `export const answer${index}: ${text};`);
    expect(
      complaints({
        ...Object.fromEntries(files),
        'menus.ts': menus,
        'answers.ts': [`import type { MyMenus } from './menus.ts';`, ...answers].join('\n'),
      }),
    ).toEqual([]);
  });

  it('would not pass with a field that a front end does not know, or without one that it needs', () => {
    const extra = 'const a: RouterVo = { path: "", hidden: false, component: "", keepAlive: true };';
    const missing = 'const b: RouterVo = { path: "", hidden: false };';
    const text = `import type { RouterVo } from './ruoyi.ts';\n${extra}\n${missing}\nexport { a, b };`;
    expect(complaints({ 'wrong.ts': text })).toHaveLength(2);
  });

  it.each(adapters)('has 15 lines at most for $heading', ({ code }) => {
    const lines = code.trimEnd().split('\n');
    expect(lines.length).toBeLessThanOrEqual(15);
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(120);
  });

  it.each(adapters)('turns the answer into what $heading wants', async ({ name, expected }) => {
    expect(await adapt(name, sample)).toStrictEqual(expected);
  });

  it.each(adapters)('gives unique names and no null component to $heading', async ({ name }) => {
    for (const tree of [sample, confusable, deepest]) {
      const result = await adapt(name, tree);
      const names = all('name', result);
      expect(names).toHaveLength(all('key', tree).length - all('buttons', tree).flat().length);
      expect(new Set(names).size).toBe(names.length);
      expect(all('component', result)).not.toContain(null);
    }
  });

  it.each(['toVben', 'toAdminx', 'toSoybean'])('keeps paths absolute in %s', async (name) => {
    for (const tree of [sample, confusable, deepest])
      for (const path of all('path', await adapt(name, tree))) expect(path).toMatch(/^\/(?!\/)/);
  });

  it('gives RuoYi paths to join: absolute at the top, relative below', async () => {
    const levels = ['/g1', 'g2', 'g3', 'g4', 'g5', 'g6'];
    expect(all('path', await adapt('toRuoYi', deepest))).toEqual(levels);
  });

  it('tells Soybean by the name of a route where it stands', async () => {
    const result = await adapt('toSoybean', confusable);
    expect(result).toMatchObject({ home: '403' });
    expect(all('name', result)).toEqual([
      'a',
      'a_.b',
      'a_b',
      'a_.a-b',
      'a.c',
      'a.c_.d',
      'a.c_.d.',
      'a.c_.a.c.d',
      'a-c',
    ]);
  });
});
