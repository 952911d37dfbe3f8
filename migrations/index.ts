import { CreateUsersAndSessions1763800000000 } from './1763800000000-create-users-and-sessions.js';
import { CreateAuditEvents1763800000001 } from './1763800000001-create-audit-events.js';

/** Every migration, oldest first. */
export const migrations = [CreateUsersAndSessions1763800000000, CreateAuditEvents1763800000001];
