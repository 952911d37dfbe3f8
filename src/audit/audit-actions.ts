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

/** What an action can come to. */
export function outcomesOf(action: AuditAction): readonly AuditOutcome[] {
  switch (action) {
    case 'signin.failed':
    case 'signin.limited':
      return ['failure'];
    case 'password.changed':
      return AUDIT_OUTCOMES;
    default:
      return ['success'];
  }
}
