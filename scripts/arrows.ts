/**
 * `npm run check:arrows`: fails when a folder of src/ imports from a row that is not below its own, or names the table of
 * another module in SQL.
 */
import { wrongArrows } from '../test/contract/arrows.ts';

const wrong = wrongArrows(process.cwd());
for (const line of wrong) console.error(line);
process.exit(wrong.length === 0 ? 0 : 1);
