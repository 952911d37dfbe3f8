import { resolve } from 'node:path';
import { country, duration, line, oneOf, text } from './kinds.js';
import { optional, setting, slice } from './slice.js';

const settings = {
  mode: optional('NODE_ENV', text('production, or anything else'), 'a trial', {
    meaning: 'Whether this is production; anything but that word is a trial.',
    effect: 'Production takes nothing for granted and refuses to start while something is unsafe.',
  }),
  dataDir: setting('DATA_DIR', line(1_024), './data', {
    meaning: 'Folder for what Gatehouse writes itself.',
    effect: 'Holds the SQLite database and, unless `KEYS_FILE` says otherwise, the keys.',
  }),
  logLevel: setting(
    'LOG_LEVEL',
    oneOf('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'),
    'info',
    {
      meaning: 'Least serious entry that is logged.',
      effect: '`debug` and `trace` are long; `silent` hides failures too.',
    },
  ),
  defaultLanguage: setting('DEFAULT_LANGUAGE', oneOf('en', 'zh-CN'), 'en', {
    meaning: 'Language of messages when the client asks for none that we have.',
    effect: 'Changes `msg` only, never a code.',
  }),
  defaultPhoneRegion: setting('DEFAULT_PHONE_REGION', country(), 'CN', {
    meaning: 'Country in which national phone numbers are read.',
    effect: 'Stored numbers keep their country; only what is typed from now on is read differently.',
  }),
  migrate: setting('MIGRATE', oneOf('auto', 'off'), 'auto', {
    meaning: 'Whether the server brings the database schema up to date when it starts.',
    effect: 'With `off`, run `npm run cli -- migrate up` before each new version.',
  }),
  shutdownDelay: setting('SHUTDOWN_DELAY', duration('0s', '5m'), '0s', {
    meaning: 'Time between "not ready" and the end of listening, after SIGTERM.',
    effect: 'Give the load balancer time to look elsewhere; it adds to every shutdown.',
  }),
};

export const serviceConfig = slice('service', 'Service', settings, ({ mode, dataDir, ...values }) => ({
  production: mode === 'production',
  /** Absolute path. */
  dataDir: resolve(dataDir),
  ...values,
}));
