/** One permission: its published code and what it lets its holder do. */
export interface Permission {
  readonly code: string;
  readonly description: string;
}

const declared = new Map<string, Permission>();

/**
 * Declares a permission, once; routes name the constant that comes back.
 *
 * @throws Error when the code is declared twice
 */
export function definePermission(code: string, description: string): Permission {
  if (declared.has(code)) throw new Error(`The permission ${code} is declared twice.`);
  const permission = Object.freeze({ code, description });
  declared.set(code, permission);
  return permission;
}

/** Every permission that the running code declares, by code. */
export function declaredPermissions(): Permission[] {
  return [...declared.values()].sort((a, b) => (a.code < b.code ? -1 : 1));
}
