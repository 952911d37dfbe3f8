import { defineErrors } from '../platform/errors/app-error.js';

/** 11004 carries the number of the auth block, because a client meets it where it meets 11002. */
export const AccessErrors = defineErrors('access', { notPermitted: [11004, 403] });
