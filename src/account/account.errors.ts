import { defineErrors } from '../platform/errors/app-error.js';

export const AccountErrors = defineErrors('account', {
  signUpClosed: [12008, 403],
  domainNotAllowed: [12009, 403],
  deletionOff: [12010, 403],
});
