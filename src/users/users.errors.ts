import { DuplicateKeyError } from '../database/driver-errors.js';
import { defineErrors } from '../platform/errors/app-error.js';

export const UsersErrors = defineErrors('users', {
  notFound: [12001, 404],
  usernameTaken: [12002, 409],
  emailTaken: [12003, 409],
  phoneTaken: [12004, 409],
  passwordRefused: [12005, 400],
  lastAdministrator: [12006, 409],
  notOnYourself: [12007, 409],
});

const TAKEN: Readonly<Record<string, () => Error>> = {
  users_username: UsersErrors.usernameTaken,
  users_email: UsersErrors.emailTaken,
  users_phone: UsersErrors.phoneTaken,
};

/** A violated unique key as the failure that names what is taken; anything else as it is. */
export function takenBy(error: unknown): unknown {
  return error instanceof DuplicateKeyError ? (TAKEN[error.key]?.() ?? error) : error;
}
