import type { Administration } from './administration.ts';

export interface ApplicationData {
  readonly id: string;
  readonly key: string;
  readonly name: string;
  readonly owner_id: string | null;
  readonly revision: number;
  readonly permissions: ReadonlyArray<{
    readonly code: string;
    readonly description: { readonly en: string; readonly 'zh-CN': string };
    readonly retired: boolean;
    readonly roles: number;
  }>;
}

export interface DeclaredData {
  readonly added: number;
  readonly changed: number;
  readonly retired: number;
  readonly unchanged: number;
}

let made = 0;

/** A new application that declares these permissions. */
export async function createApplication(
  admin: Administration,
  codes: readonly string[] = [],
  owner_id = '',
): Promise<ApplicationData> {
  const body = { key: `app-${++made}`, name: 'An application', owner_id };
  const created = await admin.done<ApplicationData>('POST', '/applications', body);
  if (codes.length > 0) await declare(admin, created.id, codes);
  return created;
}

export function listed(codes: readonly string[]) {
  return codes.map((code) => ({ code }));
}

export async function declare(
  admin: Administration,
  id: string,
  codes: readonly string[],
  options = {},
): Promise<DeclaredData> {
  const body = { permissions: listed(codes), ...options };
  return admin.done('PUT', `/applications/${id}/permissions`, body);
}

/** Each permission of an application: whether it is retired, and how many roles list it. */
export async function codesOf(
  admin: Administration,
  id: string,
): Promise<Record<string, [retired: boolean, roles: number]>> {
  const { permissions } = await admin.done<ApplicationData>('GET', `/applications/${id}`);
  return Object.fromEntries(permissions.map(({ code, retired, roles }) => [code, [retired, roles]]));
}
