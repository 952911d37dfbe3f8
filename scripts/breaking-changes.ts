/** Part of `npm run check:openapi`: fails for a change that breaks clients of the last release and is not accepted. */
import { unacceptedChanges } from '../test/contract/breaking-changes.ts';

const wrong = unacceptedChanges(process.cwd());
for (const line of wrong) console.error(line);
if (wrong.length > 0)
  console.error('What is meant to break is listed in docs/releases/breaking-changes.yaml.');
process.exit(wrong.length === 0 ? 0 : 1);
