export { declare, type Declared, type DeclaredPermission, type DeclareOptions } from './declare.ts';
export { CallFailed, Refused, Unavailable, type RefusedReason } from './errors.ts';
export { answerTo, type Answer } from './guard.ts';
export type { Stale } from './keys.ts';
export type { Permissions } from './permission-cache.ts';
export { tokenSource, type TokenSource, type TokenSourceOptions } from './token-source.ts';
export { bearerToken, type Principal } from './token.ts';
export { createVerifier, type Verifier, type VerifierOptions } from './verifier.ts';
