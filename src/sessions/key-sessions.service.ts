import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { IsNull, LessThanOrEqual, type Repository } from 'typeorm';
import { AuditService } from '../audit/audit.service.js';
import { Database } from '../database/database.js';
import { Clock, type Instant } from '../platform/time/clock.js';
import { Session } from './session.entity.js';
import { endedAt, liveAt, newSession } from './session-life.js';

/** What a key is made of. */
export interface NewKeySession {
  readonly userId: string;
  readonly digest: string;
  readonly scopes: readonly string[];
  readonly expiresAt: Instant;
}

/** Where the sessions of keys differ from those of devices: how they begin, and how they end by themselves. */
@Injectable()
export class KeySessions {
  constructor(
    @InjectRepository(Session) private readonly sessions: Repository<Session>,
    private readonly audit: AuditService,
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /** Begins the session of a key in the current transaction. It counts in no limit of devices. */
  async open({ userId, digest, scopes, expiresAt }: NewKeySession): Promise<Session> {
    const session = newSession({
      userId,
      kind: 'key',
      scopes: JSON.stringify([...new Set(scopes)].sort()),
      refreshDigest: digest,
      createdAt: this.clock.now(),
      lastSeenAt: 0,
      idleExpiresAt: expiresAt,
      expiresAt,
    });
    await this.sessions.insert(session);
    return session;
  }

  /** Lets a key end sooner, in the current transaction. */
  async shorten(id: string, expiresAt: Instant): Promise<void> {
    const now = this.clock.now();
    await this.sessions.update(
      { id, kind: 'key', ...liveAt(now) },
      { expiresAt, idleExpiresAt: expiresAt, ...(expiresAt <= now && endedAt(now, 'replaced')) },
    );
  }

  /** Ends a key, in the current transaction; answers whether it was live. */
  async end(id: string): Promise<boolean> {
    const now = this.clock.now();
    const { affected } = await this.sessions.update(
      { id, kind: 'key', ...liveAt(now) },
      endedAt(now, 'revoked'),
    );
    return affected === 1;
  }

  /** Ends a replaced key whose time is over, and records it; answers whether no other replica had done so. */
  async endOutdated(id: string): Promise<boolean> {
    return this.database.transaction(async () => {
      const now = this.clock.now();
      const { affected } = await this.sessions.update(
        { id, kind: 'key', endedAt: IsNull(), expiresAt: LessThanOrEqual(now) },
        endedAt(now, 'replaced'),
      );
      if (affected !== 1) return false;
      const target = { targetType: 'session', targetId: id, detail: { reason: 'replaced' } } as const;
      await this.audit.record({ action: 'session.ended', ...target });
      return true;
    });
  }
}
