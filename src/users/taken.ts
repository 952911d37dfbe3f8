import { DuplicateKeyError } from '../database/driver-errors.js';
import type { IdentifierKind } from './identifiers.js';
import { TAKEN } from './users.errors.js';
import type { UsersRepository } from './users.repository.js';

const KINDS: readonly IdentifierKind[] = ['username', 'email', 'phone'];

type Wanted = { readonly id: string } & { readonly [K in IdentifierKind]?: string | null };

/**
 * A violated unique key as the failure that names what is taken, the user name first, then e-mail and phone: of
 * several, each database reports another one. Whatever else was thrown comes back as it is.
 */
export async function takenBy(error: unknown, users: UsersRepository, wanted: Wanted): Promise<unknown> {
  if (!(error instanceof DuplicateKeyError)) return error;
  for (const kind of KINDS) {
    const value = wanted[kind];
    const holder = value ? await users.findByIdentifier({ kind, value }) : undefined;
    if (holder !== undefined && holder.id !== wanted.id) return TAKEN[kind]();
  }
  // Free again by now; what the database named was true when it answered.
  const named = KINDS.find((kind) => error.key === `users_${kind}`);
  return named === undefined ? error : TAKEN[named]();
}
