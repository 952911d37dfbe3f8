import { defineErrors, type AppError } from '../platform/errors/app-error.js';

export const AuthErrors = defineErrors('auth', {
  wrongCredentials: [11001, 401],
  notSignedIn: [11002, 401],
  invalidRefreshToken: [11003, 401],
  secondFactorNeeded: [11007, 401],
  passwordChangeNeeded: [11010, 401],
  enrolmentNeeded: [11011, 401],
  notFresh: [11012, 403],
});

const CHALLENGE = {
  challenge: 'eyJhbGciOiJkaXIi…',
  challenge_expires_at: '2026-11-22T08:37:48.741Z',
};

/** As examples in the documentation. */
export function secondFactorExample(): AppError {
  return AuthErrors.secondFactorNeeded({ challenge: { ...CHALLENGE, factors: ['totp', 'recovery_code'] } });
}

export function passwordChangeExample(): AppError {
  return AuthErrors.passwordChangeNeeded({ challenge: CHALLENGE });
}

export function enrolmentExample(): AppError {
  return AuthErrors.enrolmentNeeded({ challenge: CHALLENGE });
}
