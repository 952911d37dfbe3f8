import { boolean, duration, integer } from './kinds.js';
import { setting, slice } from './slice.js';

const settings = {
  maxTtl: setting('KEY_MAX_TTL', duration('1d', '3650d'), '365d', {
    meaning: 'The longest life of a key. Every key ends; by default after 90 days.',
    effect: 'Shorter makes a forgotten key harmless sooner, and people replace theirs more often.',
  }),
  maxPerUser: setting('MAX_KEYS_PER_USER', integer(1, 100), '10', {
    meaning: 'Live keys of one user; one that has a successor does not count.',
    effect: 'A further one is refused.',
  }),
  personal: setting('PERSONAL_KEYS', boolean(), 'false', {
    meaning: 'Whether people can have keys, and not only service accounts.',
    effect: 'What a person automates ends with the account of that person.',
  }),
};

export const keysConfig = slice('keys', 'Keys', settings, (values) => values);
