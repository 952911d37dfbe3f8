import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { apiCompare } from 'api-smart-diff';
import { parse } from 'yaml';
import { z } from 'zod';

const Accepted = z.array(z.strictObject({ change: z.string(), reason: z.string().min(10) }));

export interface BreakingChange {
  /** What a list of accepted changes calls it. */
  readonly change: string;
  readonly meaning: string;
}

interface Difference {
  readonly action: string;
  readonly path: ReadonlyArray<string | number>;
  readonly type: string;
  readonly description?: string;
}

/** Every change between two documents that can break a client of the first. */
export function breakingChanges(before: unknown, after: unknown): BreakingChange[] {
  const { diffs }: { diffs: readonly Difference[] } = apiCompare(before, after);
  const breaking = diffs.filter(breaks).map(({ action, path, description }) => ({
    change: `${action} ${['', ...path].map((key) => String(key).replaceAll('~', '~0').replaceAll('/', '~1')).join('/')}`,
    meaning: description ?? '',
  }));
  return [...new Map(breaking.map((found) => [found.change, found])).values()];
}

/**
 * What is wrong with the document in `root` beside the newest released one: breaking changes that nobody accepted,
 * and accepted ones that are none. Without a release, nothing is.
 */
export function unacceptedChanges(root: string): string[] {
  const releases = join(root, 'docs/releases');
  const accepted = Accepted.parse(read(join(releases, 'breaking-changes.yaml')));
  const last = newest(readdirSync(releases));
  const found =
    last === undefined ? [] : breakingChanges(read(join(releases, last)), read(join(root, 'openapi.yaml')));
  const isAccepted = ({ change }: BreakingChange): boolean => accepted.some((one) => one.change === change);
  const stale = accepted.filter(({ change }) => !found.some((one) => one.change === change));
  return [
    ...found
      .filter((one) => !isAccepted(one))
      .map(({ change, meaning }) => `breaks since ${last}: ${change}  ${meaning}`),
    ...stale.map(({ change }) => `accepted, but no breaking change since ${last ?? 'ever'}: ${change}`),
  ];
}

/** `openapi-<version>.yaml` of the highest version. */
export function newest(files: readonly string[]): string | undefined {
  const numbers = (name: string): number[] => (name.match(/\d+/g) ?? []).map(Number);
  return files
    .filter((name) => /^openapi-\d+\.\d+\.\d+\.yaml$/.test(name))
    .sort((a, b) => {
      const [left, right] = [numbers(a), numbers(b)];
      const at = left.findIndex((part, index) => part !== right[index]);
      return (left[at] ?? 0) - (right[at] ?? 0);
    })
    .at(-1);
}

function breaks({ action, path, type }: Difference): boolean {
  // The shared schemas count where an operation uses them.
  if (path[0] === 'components' && path[1] === 'schemas') return false;
  if (type === 'breaking') return true;
  // Generated clients call operations by these names.
  if (path.at(-1) === 'operationId') return true;
  // The comparison knows neither that unknown fields are refused, so that one that is gone breaks who sends it,
  // nor that a field of another type, or one that may now be null, breaks who reads it.
  if (path.includes('requestBody') && path.at(-2) === 'properties') return action === 'remove';
  return (
    path.includes('responses') &&
    path.includes('schema') &&
    (path.at(-1) === 'type' || path.at(-2) === 'type')
  );
}

function read(path: string): unknown {
  return parse(readFileSync(path, 'utf8'));
}
