import type { Config } from '../config/config.js';
import { translate } from '../platform/i18n/translator.js';
import { PasswordPolicy } from './password-policy.js';

/** Why the policy refuses the first administrator's password, for the list of problems at the start. */
export function bootstrapPasswordRefusals(password: string, username: string, config: Config): string[] {
  const policy = new PasswordPolicy(config.passwords);
  return policy
    .refusals(password, { username: username.toLowerCase() }, 'password')
    .map(({ rule, params }) => `it ${translate(`rule.${rule}`, 'en', params)}`);
}
