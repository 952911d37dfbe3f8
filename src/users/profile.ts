import type { Violation } from '../platform/errors/app-error.js';
import { parseDisplayName } from '../platform/display-name.js';
import { PlatformErrors } from '../platform/errors/platform-errors.js';
import { parseIdentifierOf, type CountryCode, type IdentifierKind } from './identifiers.js';
import type { User } from './user.entity.js';

/** In code points. */
export const FULL_NAME_MAX_LENGTH = 128;

/** What is known of a person, in canonical form. */
export type Profile = Pick<User, 'username' | 'fullName' | 'email' | 'phone'>;

/** A user name never changes. */
export type ProfileChanges = Partial<Omit<Profile, 'username'>>;

/** As typed; an empty e-mail address or phone number means none. */
export interface ProfileInput {
  readonly username: string;
  readonly fullName: string;
  readonly email?: string | undefined;
  readonly phone?: string | undefined;
}

/** @throws PlatformErrors.invalidRequest, which names every field that is not valid */
export function readProfile(input: ProfileInput, region: CountryCode): Profile {
  const fields = new Fields(region);
  const profile = {
    username: fields.identifier('username', input.username),
    fullName: fields.fullName(input.fullName),
    email: fields.optional('email', input.email ?? ''),
    phone: fields.optional('phone', input.phone ?? ''),
  };
  fields.refuse();
  return profile;
}

/** Reads what is given of a profile. @throws PlatformErrors.invalidRequest, which names every field that is not valid */
export function readChanges(
  { fullName, email, phone }: Partial<Omit<ProfileInput, 'username'>>,
  region: CountryCode,
): ProfileChanges {
  const fields = new Fields(region);
  const changes = {
    ...(fullName === undefined ? {} : { fullName: fields.fullName(fullName) }),
    ...(email === undefined ? {} : { email: fields.optional('email', email) }),
    ...(phone === undefined ? {} : { phone: fields.optional('phone', phone) }),
  };
  fields.refuse();
  return changes;
}

/** Those of the changes that differ from what the user has. */
export function newIn<T extends Partial<User>>(wanted: T, user: User): Partial<T> {
  const current = new Map<string, unknown>(Object.entries(user));
  const differs = ([name, value]: readonly [string, unknown]) => current.get(name) !== value;
  return Object.fromEntries(Object.entries(wanted).filter(differs)) as Partial<T>;
}

/** Those of the changes that differ from what the user has, by the names of the request's fields. */
export function fieldsOf(changes: Partial<User>): string[] {
  return FIELDS.flatMap(([name, field]) => (name in changes ? [field] : []));
}

/** The names that the audit record has for what was changed. */
const FIELDS = [
  ['fullName', 'full_name'],
  ['email', 'email'],
  ['phone', 'phone'],
  ['language', 'language'],
  ['emailVerifiedAt', 'email_verified'],
] as const;

/** Reads fields and collects what is wrong with them, so that the client hears all of it at once. */
class Fields {
  private readonly violations: Violation[] = [];

  constructor(private readonly region: CountryCode) {}

  identifier(kind: IdentifierKind, text: string): string {
    const value = parseIdentifierOf(kind, text, this.region);
    if (value === undefined) this.violations.push({ field: kind, rule: kind });
    return value ?? '';
  }

  optional(kind: 'email' | 'phone', text: string): string | null {
    return text === '' ? null : this.identifier(kind, text);
  }

  fullName(text: string): string {
    const { value = '', refusal } = parseDisplayName(text, FULL_NAME_MAX_LENGTH);
    if (refusal !== undefined) this.violations.push({ field: 'full_name', ...refusal });
    return value;
  }

  refuse(): void {
    if (this.violations.length > 0) throw PlatformErrors.invalidRequest({ violations: this.violations });
  }
}
