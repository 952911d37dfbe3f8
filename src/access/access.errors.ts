import { defineErrors } from '../platform/errors/app-error.js';

/** `notPermitted` has a number of the auth block, because clients meet it where they meet `AuthErrors.notSignedIn`. */
export const AccessErrors = defineErrors('access', {
  notPermitted: [11004, 403],
  noSuchRole: [13001, 404],
  roleKeyTaken: [13002, 409],
  builtInRole: [13003, 409],
  roleInUse: [13004, 409],
  exceedsOwn: [13005, 403],
  noSuchApplication: [13006, 404],
  applicationKeyTaken: [13007, 409],
  permissionsInUse: [13008, 409],
  retiresTooMuch: [13009, 409],
});
