import { Injectable } from '@nestjs/common';
import type { Principal } from '../platform/security/principal.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { UsersRepository, type UserWithRoles } from './users.repository.js';

/** The principal of a call, and the account behind it as the call found it. */
export interface Caller extends Principal, UserWithRoles {}

/** Who is calling, read once for a call: whatever ended or changed before counts. */
@Injectable()
export class CallersService {
  constructor(
    private readonly users: UsersRepository,
    private readonly sessions: SessionsService,
  ) {}

  /** The owner of a live session, which is noted as in use; nothing when it ended or belongs to another. */
  async resume({ userId, sessionId }: Principal): Promise<Caller | undefined> {
    const found = await this.users.findBySession(sessionId);
    if (found?.user.id !== userId || !this.sessions.resume(found.session)) return undefined;
    return { userId, sessionId, user: found.user, roles: found.roles };
  }
}
