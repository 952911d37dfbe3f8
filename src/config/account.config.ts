import { z } from 'zod';
import { boolean, duration, list, oneOf, word } from './kinds.js';
import { mailConfig } from './mail.config.js';
import { optional, setting, slice } from './slice.js';

/** RFC 1123 labels, at least two, as in the addresses that people can have here. */
const DOMAIN = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]$/;

function domains() {
  const lowerCase = z.string().transform((given) => given.toLowerCase());
  return lowerCase
    .pipe(list((entry) => DOMAIN.test(entry)))
    .describe('domains with commas between, such as example.com, example.org');
}

const settings = {
  signup: setting('SIGNUP', oneOf('closed', 'open'), 'closed', {
    meaning: 'Whether people can make an account for themselves.',
    effect: 'They prove an e-mail address first. Invitations work with both.',
  }),
  signupDomains: optional('SIGNUP_DOMAINS', domains(), 'any domain', {
    meaning: 'The domains of the addresses with which people can sign up, each exactly as it stands.',
    effect: 'A sub-domain is another domain. Accounts that exist stay.',
  }),
  signupRole: optional('SIGNUP_ROLE', word(64), 'none', {
    meaning: 'Key of the role that people have who sign up.',
    effect: 'It must exist when the server starts, and cannot be `administrator`.',
  }),
  invitationTtl: setting('INVITATION_TTL', duration('1m', '365d'), '7d', {
    meaning: 'Life of the link in an invitation, for somebody who has no password yet.',
    effect: 'For somebody who has one it is a day at most. An invitation can be sent again.',
  }),
  selfDeletion: setting('SELF_DELETION', boolean(), 'false', {
    meaning: 'Whether people can delete their own account.',
    effect: 'All that is known of them goes, but for the audit record.',
  }),
  newDeviceMail: setting('NEW_DEVICE_MAIL', boolean(), 'true', {
    meaning: 'Whether people are told by mail of a sign-in from a network and with a program that are new.',
    effect: 'At most five a day.',
  }),
};

export const accountConfig = slice('account', 'Accounts', settings, (values, environment) => {
  if (values.signup === 'open' && !mailConfig(environment).mailIsSetUp) {
    environment.refuse('SIGNUP', 'is open, and no mail can be sent: set SMTP_HOST, or leave it closed', [
      'SMTP_HOST',
    ]);
  }
  if (values.signupRole === 'administrator')
    environment.refuse('SIGNUP_ROLE', 'would make an administrator of whoever signs up: name another role');
  return values;
});
