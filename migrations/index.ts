import { CreateUsersAndSessions1763800000000 } from './1763800000000-create-users-and-sessions.js';

/** Every migration, oldest first. */
export const migrations = [CreateUsersAndSessions1763800000000];
