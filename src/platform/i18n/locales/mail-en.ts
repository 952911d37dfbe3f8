/** What stands in mails, in English. Sentences for people who were not waiting for a mail, so without our own words. */
export const mailEn = {
  'mail.greeting': 'Hello {username},',
  'mail.lasting': 'It is valid for {duration} and can be used once.',
  'mail.oneMinute': '1 minute',
  'mail.minutes': '{n} minutes',
  'mail.oneHour': '1 hour',
  'mail.hours': '{n} hours',
  'mail.oneDay': '1 day',
  'mail.days': '{n} days',
  'mail.link': 'Or open this page:',
  'mail.onlyLink': 'Please open this page:',
  'mail.help': 'Questions? {contact}',
  'mail.automatic': '{product} sent this mail automatically. Nobody reads replies to it.',

  'mail.signup_code.subject': 'Your code for {product}',
  'mail.signup_code.text':
    'Welcome! This code confirms your e-mail address for your new account at {product}:',
  'mail.signup_code.otherwise':
    'If you did not ask for an account, ignore this mail: without the code nothing happens.',

  'mail.account_exists.subject': 'You already have an account at {product}',
  'mail.account_exists.text':
    'Somebody, probably you, asked for a new account at {product} with this e-mail address. There is one already, so nothing was changed.',
  'mail.account_exists.otherwise':
    'Sign in as usual; if you do not remember your password, ask for a new one there. If you did not ask for an account, ignore this mail.',

  'mail.password_code.subject': 'Set a new password for {product}',
  'mail.password_code.text':
    'Somebody, probably you, wants to set a new password for your account at {product}. This code permits it:',
  'mail.password_code.textLink':
    'Somebody, probably you, wants to set a new password for your account at {product}.',
  'mail.password_code.otherwise':
    'If it was not you, ignore this mail: your password stays as it is. Never give the code to anybody, whoever asks.',

  'mail.email_code.subject': 'Confirm your e-mail address for {product}',
  'mail.email_code.text': 'This code confirms that this e-mail address belongs to your account at {product}:',
  'mail.email_code.otherwise':
    'If you did not enter this address at {product}, ignore this mail: without the code nothing happens.',

  'mail.email_taken.subject': 'This address belongs to an account at {product} already',
  'mail.email_taken.text':
    'Somebody wanted to use this e-mail address for another account at {product}. It belongs to yours, so nothing was changed.',
  'mail.email_taken.otherwise':
    'If it was you, sign in with the account that has this address, or choose another address. If it was not, there is nothing to do.',

  'mail.invitation.subject': 'Your account at {product}',
  'mail.invitation.text':
    'Welcome! You have an account at {product}. With this code you choose your password:',
  'mail.invitation.textLink':
    'Welcome! You have an account at {product}. One step is left: choose your password.',
  'mail.invitation.otherwise': 'If you did not expect this, ignore this mail: without it nothing happens.',

  'mail.notice.username': 'Account: {username}',
  'mail.notice.at': 'Time: {time} (UTC)',
  'mail.notice.address': 'IP address: {address}',
  'mail.notice.device': 'Device: {device}',
  'mail.notice.left': 'Recovery codes left: {left}',
  'mail.notice.secure':
    'If you expected this, there is nothing to do. If you did not, set a new password at once: somebody else may know yours.',
  'mail.notice.tell':
    'If you expected this, there is nothing to do. If you did not, tell the people who run {product} at once.',

  'mail.notice.new_sign_in.subject': 'New sign-in to your account at {product}',
  'mail.notice.new_sign_in.text':
    'Somebody signed in to your account at {product} from a place that we had not seen before.',
  'mail.notice.password_changed.subject': 'Your password for {product} was changed',
  'mail.notice.password_changed.text':
    'The password of your account at {product} was changed. All other devices were signed out.',
  'mail.notice.password_reset.subject': 'A new password was set for your account at {product}',
  'mail.notice.password_reset.text':
    'Your account at {product} has a new password, which you or an administrator set. All devices were signed out.',
  'mail.notice.email_changed.subject': 'Your e-mail address at {product} was changed',
  'mail.notice.email_changed.text': 'The e-mail address of your account at {product} was changed.',
  'mail.notice.factor_added.subject': 'A second step was added to your sign-in at {product}',
  'mail.notice.factor_added.text':
    'An authenticator app or a passkey was added to your account at {product}. Signing in asks for a second step from now on. All other devices were signed out.',
  'mail.notice.factor_removed.subject': 'A second step was removed from your sign-in at {product}',
  'mail.notice.factor_removed.text':
    'An authenticator app or a passkey was removed from your account at {product}. All other devices were signed out.',
  'mail.notice.factors_reset.subject': 'The second steps of your sign-in at {product} were reset',
  'mail.notice.factors_reset.text':
    'All second steps of signing in were removed from your account at {product}, and all devices were signed out. You can set up new ones after signing in.',
  'mail.notice.recovery_code_used.subject': 'A recovery code was used at {product}',
  'mail.notice.recovery_code_used.text':
    'One of the recovery codes of your account at {product} was used. It does not work a second time.',
  'mail.notice.recovery_codes_replaced.subject': 'Your recovery codes for {product} were replaced',
  'mail.notice.recovery_codes_replaced.text':
    'Your account at {product} has new recovery codes. The old ones do not work any more. All other devices were signed out.',
  'mail.notice.passkey_counter_fell.subject': 'Somebody may have a copy of your passkey for {product}',
  'mail.notice.passkey_counter_fell.text':
    'One of your passkeys was used, and it had counted further before. Perhaps there is a copy of it.',
  'mail.notice.passkey_counter_fell.otherwise':
    'If you do not know why, remove that passkey, make a new one, and end your other sessions.',
  'mail.notice.factor_guessed.subject': 'Somebody may know your password for {product}',
  'mail.notice.factor_guessed.text':
    'Somebody tried codes for the second step of your account at {product} again and again, after your password or in one of your sessions. Nobody got in that way.',
  'mail.notice.factor_guessed.otherwise':
    'If it was you, wait a little and try again. If it was not, set a new password at once: somebody else probably knows yours.',
  'mail.notice.account_deleted.subject': 'Your account at {product} was deleted',
  'mail.notice.account_deleted.text': 'Your account at {product} was deleted, with all that belonged to it.',

  'mail.test.subject': 'A test mail from {product}',
  'mail.test.text': 'This is a test. {product} can send mail to this address, and there is nothing to do.',
} as const;
