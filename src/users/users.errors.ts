import { defineErrors } from '../platform/errors/app-error.js';

export const UsersErrors = defineErrors('users', {
  notFound: [12001, 404],
  usernameTaken: [12002, 409],
  emailTaken: [12003, 409],
  phoneTaken: [12004, 409],
  passwordRefused: [12005, 400],
});
