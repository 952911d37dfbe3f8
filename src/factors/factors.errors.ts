import { defineErrors } from '../platform/errors/app-error.js';

export const FactorsErrors = defineErrors('factors', {
  refused: [11008, 403],
  passkeysNotSetUp: [11013, 409],
  lastFactor: [12012, 409],
  noSuchFactor: [12013, 404],
  tooManyPasskeys: [12014, 409],
});
