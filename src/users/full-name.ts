import { DisplayName } from '../platform/http/rules.js';

/** In code points. */
export const FULL_NAME_MAX_LENGTH = 128;

/** The full name of a person in a body. */
export function FullName(options: { readonly optional?: boolean } = {}): PropertyDecorator {
  return DisplayName({ ...options, max: FULL_NAME_MAX_LENGTH, example: 'Mei Lin' });
}
