import { defineErrors } from '../platform/errors/app-error.js';

export const CodesErrors = defineErrors('codes', {
  challengeNotValid: [11009, 403],
  notValid: [16001, 403],
  mailNotSetUp: [16002, 409],
});
