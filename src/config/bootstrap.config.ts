import { text } from './kinds.js';
import { optional, setting, slice } from './slice.js';

const USERNAME = '3 to 32 letters, digits, dots, hyphens and underscores, a letter first';

const settings = {
  username: setting('BOOTSTRAP_ADMIN_USERNAME', text(USERNAME).regex(/^[a-z][a-z0-9._-]{2,31}$/i), 'admin', {
    meaning: 'User name of the administrator that a trial makes while there is no user at all.',
    effect: 'None once there is a user.',
  }),
  password: optional('BOOTSTRAP_ADMIN_PASSWORD', text(), 'generated, and printed once', {
    secret: true,
    meaning: "That administrator's password. It is never printed.",
    effect: 'One that the password policy refuses stops the start.',
  }),
};

export const bootstrapConfig = slice('bootstrap', 'First administrator', settings, (values) => values);
