import { z } from 'zod';
import { list } from './kinds.js';
import { setting, slice } from './slice.js';

/** Whom a sign-in asks for a second factor even if they have none yet. */
function required() {
  return z
    .string()
    .pipe(list((entry) => /^[a-z][a-z0-9_.-]{0,63}$/.test(entry)))
    .describe('none, all, or keys of roles with commas between');
}

const settings = {
  required: setting('SECOND_FACTOR_REQUIRED', required(), 'none', {
    meaning: 'Who must have a second factor: nobody, everybody, or the holders of these roles.',
    effect: 'Whoever has none sets one up at the next sign-in. Sessions that need one and have none end.',
  }),
};

export const factorsConfig = slice('factors', 'Second factors', settings, ({ required: keys }) => ({
  required: keys.includes('all') ? ('all' as const) : keys.filter((key) => key !== 'none'),
}));
