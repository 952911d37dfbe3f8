import { defineErrors } from '../platform/errors/app-error.js';

export const AuthErrors = defineErrors('auth', {
  wrongCredentials: [11001, 401],
  notSignedIn: [11002, 401],
  invalidRefreshToken: [11003, 401],
  notFresh: [11012, 403],
});
