import { createRequire } from 'node:module';
import type * as Library from 'libphonenumber-js/max';

/** libphonenumber in the form that class-validator loads, because a second copy as an ES module takes 6 MiB more. */
const library: typeof Library = createRequire(import.meta.url)('libphonenumber-js/max');

export const { parsePhoneNumberFromString } = library;
