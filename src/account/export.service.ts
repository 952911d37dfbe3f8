import { Injectable } from '@nestjs/common';
import { AccessService } from '../access/access.service.js';
import { AuditService, doneBy } from '../audit/audit.service.js';
import type { AuthContext } from '../platform/security/auth-context.js';
import { Clock } from '../platform/time/clock.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { UsersService } from '../users/users.service.js';
import { FactorsService } from './factors.service.js';
import type { OwnData } from './export.dto.js';

/** More than most people ever have, and what one answer can hold. */
const MOST_EVENTS = 10_000;

/** What people may know of themselves (GDPR, articles 15 and 20). */
@Injectable()
export class ExportService {
  constructor(
    private readonly users: UsersService,
    private readonly access: AccessService,
    private readonly factors: FactorsService,
    private readonly sessions: SessionsService,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  async export(auth: AuthContext): Promise<OwnData> {
    const { id } = auth.user;
    const at = this.clock.now();
    await this.audit.record({ ...doneBy(auth), action: 'user.exported', targetType: 'user', targetId: id });
    return {
      ...(await this.users.getOwn(id)),
      at,
      permissions: await this.access.ownPermissions(auth),
      factors: await this.factors.list(auth),
      sessions: await this.sessions.allOf(id),
      addresses: await this.sessions.addressesOf(id),
      events: await this.audit.newestOf(id, MOST_EVENTS),
    };
  }
}
