import { defineErrors } from '../platform/errors/app-error.js';

export const KeysErrors = defineErrors('keys', {
  noSuchKey: [17001, 404],
  tooManyKeys: [17002, 409],
  ownerLacks: [17003, 409],
  notWithKey: [17004, 403],
  alreadyReplaced: [17005, 409],
  notForServiceAccount: [17006, 409],
});
