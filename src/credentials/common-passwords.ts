import list from 'fxa-common-password-list';

/**
 * Whether a password is among the 50 000 most common ones of at least 8 characters, as seen in leaks. OWASP ASVS 5.0
 * (6.2.4) asks for the first 3 000 that a policy lets through. The list is in memory; nothing leaves the process.
 *
 * @param folded the password in lower case: the list holds that form only
 */
export function isCommonPassword(folded: string): boolean {
  return list.test(folded);
}
