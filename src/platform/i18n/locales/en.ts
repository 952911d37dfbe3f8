/** Every text that a client can be shown, in English: `<module>.<error>` and `rule.<name>`. */
export const en = {
  ok: 'ok',

  'platform.internal': 'Something went wrong on our side. Please try again later.',
  'platform.invalidRequest': 'The request is not valid.',
  'platform.malformedRequest': 'The request could not be read.',
  'platform.noSuchRoute': 'There is nothing at this address.',
  'platform.methodNotAllowed': 'This address does not support that method.',
  'platform.bodyTooLarge': 'The request body is too large.',
  'platform.unsupportedMediaType': 'Send the body as application/json in UTF-8.',
  'platform.headersTooLong': 'The address or the headers of the request are too long.',
  'platform.tooManyRequests': 'Too many attempts. Please wait before you try again.',
  'platform.overloaded': 'The service is busy. Please try again in a moment.',
  'platform.dependencyUnavailable': 'The service is not available at the moment. Please try again shortly.',
  'platform.requestTimeout': 'The request took too long to arrive.',
  'platform.expectationFailed': 'The expectation of the request cannot be met.',

  'auth.wrongCredentials': 'Wrong user name or password.',
  'auth.notSignedIn': 'Please sign in.',
  'auth.invalidRefreshToken': 'The refresh token is not valid. Please sign in again.',
  'access.notPermitted': 'You are not permitted to do this.',
  'auth.wrongCurrentPassword': 'The current password is wrong.',
  'auth.noSuchSession': 'There is no such session.',

  'users.notFound': 'There is no such user.',
  'users.usernameTaken': 'This user name is taken.',
  'users.emailTaken': 'This e-mail address is taken.',
  'users.phoneTaken': 'This phone number is taken.',
  'users.passwordRefused': 'This password cannot be used.',
  'users.lastAdministrator': 'One active administrator must remain.',
  'users.notOnYourself': 'You cannot do this to your own account.',

  'rule.required': 'is required',
  'rule.unknown': 'is not a known field',
  'rule.repeated': 'may be given only once',
  'rule.body': 'the body must be a JSON object',
  'rule.no_body': 'this call takes no body',
  'rule.depth': 'may be nested at most {max} levels deep',
  'rule.string': 'must be a string',
  'rule.length': 'must have {min} to {max} characters',
  'rule.control_characters': 'must not contain control characters',
  'rule.username': 'must be 3 to 32 of a-z, 0-9, dot, hyphen and underscore, and begin with a letter',
  'rule.email': 'must be an e-mail address',
  'rule.phone': 'must be a valid phone number',
} as const;

export type LocaleKey = keyof typeof en;
