import { defineErrors } from '../platform/errors/app-error.js';

export const CredentialsErrors = defineErrors('credentials', { wrongCurrentPassword: [11005, 403] });
