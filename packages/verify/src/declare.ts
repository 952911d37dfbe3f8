import { Api, type Connection } from './api.ts';

export interface DeclaredPermission {
  /** Without the application: `orders:read`. */
  readonly code: string;
  readonly description?: { readonly en?: string; readonly 'zh-CN'?: string };
}

export interface DeclareOptions extends Connection {
  readonly key: string;
  /** Key or id of the application. */
  readonly application: string;
  readonly permissions: readonly DeclaredPermission[];
  /** Gatehouse refuses to retire more than half of a long list without it. */
  readonly allowRetire?: boolean | undefined;
}

/** What the declaration did: how many permissions, and the codes that are new or retired. */
export interface Declared {
  readonly added: number;
  readonly changed: number;
  readonly retired: number;
  readonly unchanged: number;
  readonly codesAdded: readonly string[];
  readonly codesRetired: readonly string[];
}

/** Tells Gatehouse which permissions this application knows. Any number of replicas may do so at once. */
export async function declare(options: DeclareOptions): Promise<Declared> {
  const { application, permissions, allowRetire } = options;
  const body = { permissions, ...(allowRetire === undefined ? {} : { allow_retire: allowRetire }) };
  const path = `/applications/${encodeURIComponent(application)}/permissions`;
  const data = await new Api(options).data('PUT', path, { body });
  const count = (name: string): number => Number(data[name] ?? 0);
  const codes = (name: string): string[] => [data[name] ?? []].flat().map(String);
  return {
    added: count('added'),
    changed: count('changed'),
    retired: count('retired'),
    unchanged: count('unchanged'),
    codesAdded: codes('codes_added'),
    codesRetired: codes('codes_retired'),
  };
}
