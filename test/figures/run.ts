/**
 * `npm run figures -- <name> [database] [size]`: the full figure behind a promise that the tests show in short, on the
 * built program. Names: timing, burst, revoke, renewals, flood, record,
 * changes, keys, or all. Databases: sqlite, mysql; both by default.
 * The exit code is 1 when a promise does not hold.
 *
 * Node runs this file as it stands, so it keeps to TypeScript that can be erased.
 */
import { burst } from './burst.ts';
import { changes } from './changes.ts';
import { flood } from './flood.ts';
import { keys } from './keys.ts';
import { record } from './record.ts';
import { renewals } from './renewals.ts';
import { revoke } from './revoke.ts';
import { machine, say, type Kind } from './stage.ts';
import { timing } from './timing.ts';

const figures: Readonly<Record<string, (kind: Kind, size?: number) => Promise<void>>> = {
  timing,
  burst,
  revoke,
  renewals,
  flood,
  record,
  changes,
  keys,
};

const [name = 'all', ...rest] = process.argv.slice(2);
const kinds = (['sqlite', 'mysql'] as const).filter(
  (kind) => rest.length === 0 || rest.includes(kind) || !rest.some(isKind),
);
const size = rest.map(Number).find((number) => number > 0);
const chosen = name === 'all' ? Object.values(figures) : [figures[name]];

say(`${new Date().toISOString()}, ${machine()}`);
for (const figure of chosen) {
  if (figure === undefined)
    throw new Error(`There is no figure ${name}: ${Object.keys(figures).join(', ')}, all.`);
  for (const kind of kinds) await figure(kind, size);
}

function isKind(text: string): text is Kind {
  return text === 'sqlite' || text === 'mysql';
}
