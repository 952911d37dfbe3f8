/** Everything that is recorded, by its published name. */
export const AUDIT_ACTIONS = [
  'signin.succeeded',
  'signin.failed',
  'signin.limited',
  'session.ended',
  'token.renewed_elsewhere',
  'password.changed',
  'password.reset',
  'user.created',
  'user.updated',
  'user.disabled',
  'user.enabled',
  'user.deleted',
  'user.roles_changed',
  'role.created',
  'role.updated',
  'role.deleted',
] as const;

export type AuditAction = (typeof AUDIT_ACTIONS)[number];

export const AUDIT_OUTCOMES = ['success', 'failure'] as const;

export type AuditOutcome = (typeof AUDIT_OUTCOMES)[number];
