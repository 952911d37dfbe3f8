import type { Administration } from './administration.ts';

export interface KeyData {
  readonly id: string;
  readonly name: string;
  readonly hint: string;
  readonly user_id: string;
  readonly scopes: readonly string[];
  readonly networks: readonly string[];
  readonly created_by: string | null;
  readonly created_at: string;
  readonly expires_at: string;
  readonly last_used_at: string | null;
  readonly replaced_by: string | null;
}

export interface NewKeyData extends KeyData {
  readonly secret: string;
}

export interface ServiceAccount {
  readonly id: string;
  readonly username: string;
}

let made = 0;

/** A new service account that holds these permissions. */
export async function createServiceAccount(
  admin: Administration,
  permissions: readonly string[] = [],
): Promise<ServiceAccount> {
  const roles = permissions.length === 0 ? [] : [(await admin.role(permissions)).key];
  const username = `service-${process.pid}-${++made}`;
  return admin.done('POST', '/users', { kind: 'service', username, full_name: 'A service', roles });
}

export async function createKey(
  admin: Administration,
  userId: string,
  scopes: readonly string[],
  options = {},
): Promise<NewKeyData> {
  return admin.done('POST', `/users/${userId}/keys`, { name: 'A key', scopes, ...options });
}
