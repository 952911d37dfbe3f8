import { Injectable } from '@nestjs/common';
import { AuditService, doneBy } from '../audit/audit.service.js';
import { Database } from '../database/database.js';
import { canonicalName } from '../platform/display-name.js';
import type { AuthContext } from '../platform/security/auth-context.js';
import { Clock } from '../platform/time/clock.js';
import { UsersRepository } from './users.repository.js';
import { UsersService, type UserWithRoles } from './users.service.js';

/** What people may change about themselves without anybody's permission. */
@Injectable()
export class MeService {
  constructor(
    private readonly users: UsersService,
    private readonly repository: UsersRepository,
    private readonly audit: AuditService,
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /** Changes what is given; nothing given, or nothing new, changes nothing. */
  async update(auth: AuthContext, { fullName }: { fullName?: string }): Promise<UserWithRoles> {
    if (fullName !== undefined) {
      await this.database.transaction(async () => {
        if (!(await this.repository.rename(auth.user.id, canonicalName(fullName), this.clock.now()))) return;
        const target = { targetType: 'user', targetId: auth.user.id } as const;
        const detail = { fields: ['full_name'] };
        await this.audit.record({ action: 'user.updated', ...doneBy(auth), ...target, detail });
      });
    }
    return this.users.get(auth.user.id);
  }
}
