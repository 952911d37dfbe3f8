import { duration, integer } from './kinds.js';
import { setting, slice } from './slice.js';

const settings = {
  accountAttempts: setting('SIGNIN_ACCOUNT_ATTEMPTS', integer(1, 1_000_000_000), '20', {
    meaning: 'Failed sign-ins of one account within `SIGNIN_WINDOW`.',
    effect: 'Further ones are answered 429 until the wait is over.',
  }),
  addressAttempts: setting('SIGNIN_ADDRESS_ATTEMPTS', integer(1, 1_000_000_000), '300', {
    meaning: 'Failed sign-ins from one client address (IPv4 address or IPv6 /64), over all accounts.',
    effect: 'An office behind one address shares it.',
  }),
  signinWindow: setting('SIGNIN_WINDOW', duration('1s', '30d'), '15m', {
    meaning: 'Time after the last admitted attempt in which all attempts are forgotten.',
    effect: 'Longer slows guessing, and keeps an unlucky user out longer.',
  }),
  reauthAttempts: setting('REAUTH_ATTEMPTS', integer(1, 1_000_000_000), '10', {
    meaning: 'Wrong current passwords of one signed-in user, who changes the password or gives it again.',
    effect: 'Apart from sign-in: it locks nobody out.',
  }),
  codeAddressRequests: setting('CODE_ADDRESS_REQUESTS', integer(1, 1_000_000_000), '30', {
    meaning: 'Requests for mailed codes from one client address within an hour, for whomever.',
    effect: 'An office behind one address shares it.',
  }),
  codeSends: setting('CODE_SENDS', integer(1, 1_000_000_000), '5', {
    meaning:
      'Mails with a code to one person within a day; then one after 48 minutes, 1.6, 3.2 hours and so on.',
    effect:
      'Nobody floods a mailbox. From an address that the person signs in from there is a count of its own.',
  }),
  codeAttempts: setting('CODE_ATTEMPTS', integer(1, 1_000_000_000), '5', {
    meaning: 'Wrong codes of six digits for one person within 15 minutes.',
    effect: 'A new code does not give new attempts. Links are not limited: nobody guesses them.',
  }),
  factorAttempts: setting('FACTOR_ATTEMPTS', integer(1, 1_000_000_000), '10', {
    meaning:
      'Wrong codes of the authenticator app of one person within 15 minutes; beside it 100 within 30 days.',
    effect:
      'Apart from passwords. From an address that the person signs in from there is a count of its own.',
  }),
  renewAddressFailures: setting('RENEW_ADDRESS_FAILURES', integer(1, 1_000_000_000), '300', {
    meaning: 'Unknown or ended refresh tokens from one client address.',
    effect: 'A live refresh token is never limited.',
  }),
};

export const budgetsConfig = slice('budgets', 'Attempt limits', settings, (values) => values);
