import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import ts from 'typescript';

const OPTIONS: ts.CompilerOptions = {
  strict: true,
  noEmit: true,
  noUnusedLocals: true,
  noUnusedParameters: true,
  allowImportingTsExtensions: true,
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  target: ts.ScriptTarget.ES2024,
  lib: ['lib.es2024.d.ts'],
  types: [],
};
const FOLDER = 'test/contract/front-ends';

/** The only block of code in that language below that heading. */
export function codeBelow(page: string, heading: string, language: string): string {
  const [, ...rest] = page.split(new RegExp(`^##+ ${heading}$`, 'm'));
  const section = rest.join('').split(/^##+ /m)[0] ?? '';
  const blocks = [...section.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'))];
  const [block] = blocks;
  if (block === undefined || blocks.length > 1) throw new Error(`${blocks.length} blocks below "${heading}"`);
  return block[1] ?? '';
}

/** What the compiler says about files that stand beside the declared types, in memory only. */
export function complaints(files: Readonly<Record<string, string>>): string[] {
  const texts = new Map(Object.entries(files).map(([name, text]) => [resolve(FOLDER, name), text]));
  const host = ts.createCompilerHost(OPTIONS);
  const real = { fileExists: host.fileExists, getSourceFile: host.getSourceFile };
  host.fileExists = (name) => texts.has(name) || real.fileExists(name);
  host.getSourceFile = (name, target, ...more) => {
    const text = texts.get(name);
    return text === undefined
      ? real.getSourceFile(name, target, ...more)
      : ts.createSourceFile(name, text, target);
  };
  const program = ts.createProgram([...texts.keys()], OPTIONS, host);
  return ts
    .getPreEmitDiagnostics(program)
    .map(
      ({ messageText, file }) => `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`,
    );
}

/** What the code exports, run as it stands. */
export function run(code: string): Promise<Record<string, (...given: unknown[]) => unknown>> {
  const script = ts.transpile(code, { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2024 });
  return import(`data:text/javascript,${encodeURIComponent(script)}`);
}

export function readPage(): string {
  return readFileSync('docs/menus.md', 'utf8');
}
