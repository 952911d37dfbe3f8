import { defineErrors, type AppError } from '../platform/errors/app-error.js';
import type { IdentifierKind } from './identifiers.js';

export const UsersErrors = defineErrors('users', {
  notFound: [12001, 404],
  usernameTaken: [12002, 409],
  emailTaken: [12003, 409],
  phoneTaken: [12004, 409],
  passwordRefused: [12005, 400],
  lastAdministrator: [12006, 409],
  notOnYourself: [12007, 409],
  noEmail: [12011, 409],
});

/** The failure for an identifier that somebody else has. */
export const TAKEN: Readonly<Record<IdentifierKind, () => AppError>> = {
  username: UsersErrors.usernameTaken,
  email: UsersErrors.emailTaken,
  phone: UsersErrors.phoneTaken,
};

/** As an example in the documentation. */
export function passwordRefusedExample(field: string): AppError {
  return UsersErrors.passwordRefused({ violations: [{ field, rule: 'password_common' }] });
}
