import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { PageQuery, Slice } from '../platform/http/list-query.js';
import type { AuthContext } from '../platform/security/auth-context.js';
import type { Session } from '../sessions/session.entity.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { UserAuthority } from './user-authority.js';

/** Sessions of other people, as administrators see and end them. */
@Injectable()
export class UserSessionsService {
  constructor(
    private readonly authority: UserAuthority,
    private readonly sessions: SessionsService,
    private readonly database: Database,
  ) {}

  /** @throws AppError 12001 */
  async list(userId: string, query: PageQuery): Promise<Slice<Session>> {
    await this.authority.find(userId);
    return this.sessions.list(userId, query);
  }

  /** @throws AppError 12001, 13005, 11006 */
  async end(actor: AuthContext, userId: string, sessionId: string): Promise<void> {
    await this.database.transaction(async () => {
      await this.authority.take(actor, userId);
      await this.sessions.revoke(sessionId, userId, actor);
    });
  }

  /** Ends all, and answers how many. @throws AppError 12001, 13005 */
  async endAll(actor: AuthContext, userId: string): Promise<number> {
    return this.database.transaction(async () => {
      await this.authority.take(actor, userId);
      return this.sessions.revokeAll(userId, actor);
    });
  }
}
