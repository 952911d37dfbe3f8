import { duration, integer } from './kinds.js';
import { setting, slice } from './slice.js';

const settings = {
  minLength: setting('PASSWORD_MIN_LENGTH', integer(8, 128), '8', {
    meaning: 'Shortest new password, in characters.',
    effect: 'Passwords set before stay valid.',
  }),
  memoryKib: setting('ARGON2_MEMORY_KIB', integer(19_456, 1_048_576), '19456', {
    meaning: 'Memory of one password hash, in KiB (argon2id m).',
    effect:
      'Guessing a stolen hash costs more, and so does each sign-in. Weaker hashes renew at the sign-in.',
  }),
  timeCost: setting('ARGON2_TIME_COST', integer(2, 20), '2', {
    meaning: 'Passes over that memory (argon2id t).',
    effect: 'Each pass adds time to every sign-in.',
  }),
  parallelism: setting('ARGON2_PARALLELISM', integer(1, 16), '1', {
    meaning: 'Lanes of one hash (argon2id p).',
    effect: 'More than 1 helps only where cores are idle.',
  }),
  queue: setting('HASH_QUEUE', integer(0, 100_000), '64', {
    meaning: 'Sign-ins that may wait for a free core.',
    effect: 'One more is answered 503 at once.',
  }),
  // A connection on which nothing happens for 26 s is closed, see `platform/http/http-layer.ts`.
  wait: setting('HASH_WAIT', duration('0s', '20s'), '1s', {
    meaning: 'How long one may wait there.',
    effect: 'After it the answer is 503.',
  }),
};

export const passwordsConfig = slice(
  'passwords',
  'Passwords and hashing',
  settings,
  (values, { variables }) => ({
    ...values,
    /** Threads of libuv's pool, which hashing shares with files and DNS. Node's own variable; 4 is libuv's default. */
    threadPoolSize: Number(variables['UV_THREADPOOL_SIZE']) || 4,
  }),
);
