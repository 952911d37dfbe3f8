import { CreateUsersAndSessions1763800000000 } from './1763800000000-create-users-and-sessions.js';
import { CreateAuditEvents1763800000001 } from './1763800000001-create-audit-events.js';
import { ExtendSessions1763810000000 } from './1763810000000-extend-sessions.js';
import { CreateAttemptBudgets1763810000001 } from './1763810000001-create-attempt-budgets.js';
import { CoverLiveSessions1763820000000 } from './1763820000000-cover-live-sessions.js';
import { CreateUserSearchTerms1763830000000 } from './1763830000000-create-user-search-terms.js';
import { FillUserSearchTerms1763830000001 } from './1763830000001-fill-user-search-terms.js';
import { DropIndexesOfOldSearch1763830000002 } from './1763830000002-drop-indexes-of-old-search.js';
import { NameActors1763840000000 } from './1763840000000-name-actors.js';
import { NumberAuditEvents1763850000000 } from './1763850000000-number-audit-events.js';
import { CreateApplications1763860000000 } from './1763860000000-create-applications.js';
import { CreateMenus1763870000000 } from './1763870000000-create-menus.js';
import { CreateKeys1763880000000 } from './1763880000000-create-keys.js';
import { CreateOutbox1763890000000 } from './1763890000000-create-outbox.js';
import { CreateCodes1763900000000 } from './1763900000000-create-codes.js';
import { CreateFactors1763910000000 } from './1763910000000-create-factors.js';

/** Every migration, oldest first. */
export const migrations = [
  CreateUsersAndSessions1763800000000,
  CreateAuditEvents1763800000001,
  ExtendSessions1763810000000,
  CreateAttemptBudgets1763810000001,
  CoverLiveSessions1763820000000,
  CreateUserSearchTerms1763830000000,
  FillUserSearchTerms1763830000001,
  DropIndexesOfOldSearch1763830000002,
  NameActors1763840000000,
  NumberAuditEvents1763850000000,
  CreateApplications1763860000000,
  CreateMenus1763870000000,
  CreateKeys1763880000000,
  CreateOutbox1763890000000,
  CreateCodes1763900000000,
  CreateFactors1763910000000,
];

/** Where a database notes which of them it has. */
export const MIGRATIONS_TABLE = 'schema_migrations';
