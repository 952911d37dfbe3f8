import type { Duration } from '../platform/time/clock.js';

/** What the tokens need to be told. Abstract, so that the configuration can be bound to it by its name. */
export abstract class TokenSettings {
  /** `iss` of every access token. */
  abstract readonly issuer: string;
  /** `aud` of every access token. */
  abstract readonly audience: string;
  /** Life of an access token, in milliseconds; parts of a second are cut off. */
  abstract readonly accessTtl: Duration;
  /** Folder of the signing keys. */
  abstract readonly signingKeysDir: string;
}
