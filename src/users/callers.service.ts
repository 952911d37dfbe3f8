import { Injectable } from '@nestjs/common';
import type { AuthContext } from '../platform/security/auth-context.js';
import { SessionsService } from '../sessions/sessions.service.js';
import type { User } from './user.entity.js';
import { UsersRepository } from './users.repository.js';

/** Who is calling, read once for a call: whatever ended or changed before counts. */
@Injectable()
export class CallersService {
  constructor(
    private readonly users: UsersRepository,
    private readonly sessions: SessionsService,
  ) {}

  /** The owner of a live session, which is noted as in use; nothing when it ended or belongs to another. */
  async resume({
    userId,
    sessionId,
  }: {
    readonly userId: string;
    readonly sessionId: string;
  }): Promise<AuthContext<User> | undefined> {
    const found = await this.users.findBySession(sessionId);
    if (found === undefined || found.user.id !== userId || !this.sessions.resume(found.session))
      return undefined;
    return { ...found, via: 'session' };
  }
}
