export const AUDIT_OUTCOMES = ['success', 'failure'] as const;

export type AuditOutcome = (typeof AUDIT_OUTCOMES)[number];

/** On what something can be done. */
export const AUDIT_TARGETS = ['user', 'session', 'role', 'application', 'menu', 'key'] as const;

export type AuditTarget = (typeof AUDIT_TARGETS)[number];

const SUCCESS = ['success'] as const;
const FAILURE = ['failure'] as const;

/** Everything that is recorded, by its published name, and what it can come to. */
const OUTCOMES = {
  'signin.succeeded': SUCCESS,
  'signin.failed': FAILURE,
  'signin.limited': FAILURE,
  'signin.challenged': SUCCESS,
  'session.ended': SUCCESS,
  'session.reauthenticated': AUDIT_OUTCOMES,
  'token.renewed_elsewhere': SUCCESS,
  'password.changed': AUDIT_OUTCOMES,
  'password.reset': SUCCESS,
  'code.requested': SUCCESS,
  'code.refused': FAILURE,
  'code.limited': FAILURE,
  'factor.added': SUCCESS,
  'factor.removed': SUCCESS,
  'factor.refused': FAILURE,
  'factor.limited': FAILURE,
  'factors.reset': SUCCESS,
  'recovery_code.used': SUCCESS,
  'recovery_codes.replaced': SUCCESS,
  'passkey.counter_fell': SUCCESS,
  'user.created': SUCCESS,
  'user.signed_up': SUCCESS,
  'user.invited': SUCCESS,
  'user.updated': SUCCESS,
  'user.email_changed': SUCCESS,
  'user.email_verified': SUCCESS,
  'user.exported': SUCCESS,
  'user.disabled': SUCCESS,
  'user.enabled': SUCCESS,
  'user.deleted': SUCCESS,
  'user.roles_changed': SUCCESS,
  'role.created': SUCCESS,
  'role.updated': SUCCESS,
  'role.deleted': SUCCESS,
  'application.created': SUCCESS,
  'application.updated': SUCCESS,
  'application.deleted': SUCCESS,
  'application.declared': SUCCESS,
  'key.created': SUCCESS,
  'key.rotated': SUCCESS,
  'key.revoked': SUCCESS,
  'key.expiring': SUCCESS,
  'menu.created': SUCCESS,
  'menu.updated': SUCCESS,
  'menu.deleted': SUCCESS,
  'menu.ordered': SUCCESS,
} satisfies Record<string, readonly AuditOutcome[]>;

export type AuditAction = keyof typeof OUTCOMES;

export const AUDIT_ACTIONS = Object.keys(OUTCOMES) as readonly AuditAction[];

/** What an action can come to. */
export function outcomesOf(action: AuditAction): readonly AuditOutcome[] {
  return OUTCOMES[action];
}
