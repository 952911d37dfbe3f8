import { duration, integer } from './kinds.js';
import { setting, slice } from './slice.js';

const settings = {
  ttl: setting('SESSION_TTL', duration('1s', '3650d'), '30d', {
    meaning: 'Life of a session, from the sign-in.',
    effect: 'After it the user signs in again, however active. Open sessions keep their end.',
  }),
  idleTtl: setting('SESSION_IDLE_TTL', duration('1s', '3650d'), '7d', {
    meaning: 'How long a session lasts without use. Use is recorded to the minute.',
    effect: 'An unused device is signed out sooner. Where `SESSION_TTL` is shorter, that counts.',
  }),
  maxPerUser: setting('MAX_SESSIONS_PER_USER', integer(1, 1_000_000), '20', {
    meaning: 'Live sessions of one user.',
    effect: 'One more sign-in ends the oldest.',
  }),
  freshFor: setting('FRESH_FOR', duration('1s', '1d'), '10m', {
    meaning:
      'How long after the password was given a session may do what is sensitive, such as making a key.',
    effect: 'Later the person gives it again. Shorter leaves less to whoever finds an open session.',
  }),
  retention: setting('SESSION_RETENTION', duration('1s', '3650d'), '30d', {
    meaning: 'How long rows of ended sessions are kept.',
    effect: 'Longer keeps more to look back on, and a larger table.',
  }),
};

export const sessionsConfig = slice('sessions', 'Sessions', settings, (values, environment) => {
  const { ttl, idleTtl } = values;
  // A trial may set just one of the two, and the shorter counts; in production two that disagree are a mistake.
  const bothGiven = environment.isGiven('SESSION_IDLE_TTL') && environment.isGiven('SESSION_TTL');
  if (environment.production && bothGiven && idleTtl > ttl) {
    environment.refuse('SESSION_IDLE_TTL', 'is longer than SESSION_TTL: shorten it, or lengthen SESSION_TTL');
  }
  return { ...values, idleTtl: Math.min(idleTtl, ttl) };
});
