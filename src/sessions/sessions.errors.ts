import { defineErrors } from '../platform/errors/app-error.js';

export const SessionsErrors = defineErrors('sessions', { noSuchSession: [11006, 404] });
