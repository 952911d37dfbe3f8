import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { breakingChanges, newest, unacceptedChanges } from './breaking-changes.ts';

const DOCUMENT = `
openapi: 3.1.0
info: { title: Things, version: 1.0.0 }
paths:
  /things:
    post:
      operationId: createThing
      requestBody:
        content:
          application/json:
            schema: { $ref: '#/components/schemas/CreateThingRequest' }
      responses:
        '201':
          description: Created
          content:
            application/json:
              schema: { $ref: '#/components/schemas/Thing' }
        '409': { description: Taken }
components:
  schemas:
    CreateThingRequest:
      type: object
      additionalProperties: false
      properties:
        name: { type: string, maxLength: 64 }
        colour: { type: string }
      required: [name]
    Thing:
      type: object
      properties:
        id: { type: string }
        name: { type: string }
      required: [id, name]
`;

const scratch = mkdtempSync(join(tmpdir(), 'gatehouse-releases-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

describe('a change of the document', () => {
  it.each([
    ['an operation is gone', '/things:', '/objects:'],
    ['an operation has another name', 'createThing', 'makeThing'],
    ['an answer is gone', "'409': { description: Taken }", ''],
    ['a field of an answer is gone', 'id: { type: string }\n', ''],
    ['a field of an answer has another type', 'id: { type: string }', 'id: { type: integer }'],
    ['a field of an answer may be null', 'id: { type: string }', "id: { type: [string, 'null'] }"],
    ['a field of an answer may be missing', 'required: [id, name]', 'required: [id]'],
    ['a field of a request is gone, and thereby refused', 'colour: { type: string }', ''],
    ['a field of a request becomes required', 'required: [name]', 'required: [name, colour]'],
    ['a field of a request may hold less', 'maxLength: 64', 'maxLength: 32'],
  ])('breaks clients when %s', (_, text, other) => {
    expect(DOCUMENT).toContain(text);
    expect(breakingChanges(parse(DOCUMENT), parse(DOCUMENT.replace(text, other)))).not.toEqual([]);
  });

  it.each([
    ['nothing changes', 'Things', 'Things'],
    ['only words change', 'Things', 'Objects'],
    [
      'an answer gains a field',
      'id: { type: string }',
      'id: { type: string }\n        size: { type: integer }',
    ],
    [
      'a request gains an optional field',
      'colour: { type',
      'size: { type: integer }\n        colour: { type',
    ],
    ['a field of a request may hold more', 'maxLength: 64', 'maxLength: 128'],
  ])('breaks nobody when %s', (_, text, other) => {
    expect(DOCUMENT).toContain(text);
    expect(breakingChanges(parse(DOCUMENT), parse(DOCUMENT.replace(text, other)))).toEqual([]);
  });
});

describe('the comparison with the last release', () => {
  it('finds nothing before the first release', () => {
    expect(unacceptedChanges(project({ current: DOCUMENT }))).toEqual([]);
  });

  it('names a breaking change, by what a list of accepted ones calls it', () => {
    const current = DOCUMENT.replace('createThing', 'makeThing');
    const root = project({ current, releases: { '1.0.0': DOCUMENT } });
    expect(unacceptedChanges(root)).toEqual([expect.stringContaining(CHANGE)]);
  });

  it('lets a breaking change pass that is listed with a reason', () => {
    const current = DOCUMENT.replace('createThing', 'makeThing');
    const accepted = [{ change: CHANGE, reason: 'The old name was misleading.' }];
    expect(unacceptedChanges(project({ current, releases: { '1.0.0': DOCUMENT }, accepted }))).toEqual([]);
  });

  it('refuses a listed change without a reason, and one that has not happened', () => {
    const releases = { '1.0.0': DOCUMENT };
    const silent = project({ current: DOCUMENT, releases, accepted: [{ change: CHANGE, reason: '' }] });
    expect(() => unacceptedChanges(silent)).toThrow(/reason/);
    const stale = project({
      current: DOCUMENT,
      releases,
      accepted: [{ change: CHANGE, reason: 'Was once planned.' }],
    });
    expect(unacceptedChanges(stale)).toEqual([expect.stringContaining('no breaking change')]);
  });

  it('compares with the highest version', () => {
    expect(newest(['openapi-1.9.0.yaml', 'openapi-1.10.0.yaml', 'README.md', 'openapi-1.2.11.yaml'])).toBe(
      'openapi-1.10.0.yaml',
    );
  });

  it('holds for this project', () => {
    expect(unacceptedChanges(process.cwd())).toEqual([]);
  });
});

const CHANGE = 'replace /paths/~1things/post/operationId';
let projects = 0;

interface Project {
  readonly current: string;
  readonly releases?: Readonly<Record<string, string>>;
  readonly accepted?: readonly object[];
}

function project({ current, releases = {}, accepted = [] }: Project): string {
  projects += 1;
  const root = join(scratch, String(projects));
  const folder = join(root, 'docs/releases');
  mkdirSync(folder, { recursive: true });
  cpSync('docs/releases/README.md', join(folder, 'README.md'));
  writeFileSync(join(root, 'openapi.yaml'), current);
  writeFileSync(join(folder, 'breaking-changes.yaml'), stringify(accepted));
  for (const [version, text] of Object.entries(releases))
    writeFileSync(join(folder, `openapi-${version}.yaml`), text);
  return root;
}
