import { Injectable, Logger } from '@nestjs/common';
import { Config } from '../config/config.js';
import { currentRequest } from '../platform/context/request-context.js';
import { newId } from '../platform/crypto/random.js';
import { Clock, MINUTE, type Duration, type Instant } from '../platform/time/clock.js';
import type { Session, SessionEnd } from './session.entity.js';
import { SessionsRepository } from './sessions.repository.js';

/** The life of a signed-in device: open, found by its tokens, kept alive by use, ended. */
@Injectable()
export class SessionsService {
  private readonly logger = new Logger(SessionsService.name);
  private readonly touching = new Set<string>();
  /** How precisely use is recorded. */
  private readonly touchEvery: Duration;

  constructor(
    private readonly repository: SessionsRepository,
    private readonly config: Config,
    private readonly clock: Clock,
  ) {
    // A minute spares the database; with a very short idle life it would end sessions that are in use.
    this.touchEvery = Math.min(MINUTE, config.sessions.idleTtl / 4);
  }

  /**
   * Opens a session in the current transaction, which must hold the lock on the user's row: without it, parallel
   * sign-ins could together exceed the limit. Beyond the limit the oldest end.
   *
   * @param refreshDigest digest of the refresh token that belongs to the session
   */
  async open(userId: string, refreshDigest: string): Promise<Session> {
    const now = this.clock.now();
    const { ttl, idleTtl, maxPerUser } = this.config.sessions;
    const { clientAddress, userAgent } = currentRequest();
    const live = await this.repository.findLive(userId, now);
    for (const oldest of live.slice(maxPerUser - 1)) {
      await this.repository.end(oldest.id, userId, 'replaced', now);
    }
    const session: Session = {
      id: newId(),
      userId,
      refreshDigest,
      userAgent,
      ip: clientAddress,
      createdAt: now,
      lastSeenAt: now,
      idleExpiresAt: now + idleTtl,
      expiresAt: now + ttl,
      endedAt: null,
      endReason: null,
    };
    await this.repository.insert(session);
    return session;
  }

  /** The live session behind an access token, noted as in use; nothing when it ended or belongs to another. */
  async resume(id: string, userId: string): Promise<Session | undefined> {
    const session = await this.repository.findById(id);
    return session?.userId === userId ? this.use(session) : undefined;
  }

  /** The live session behind a refresh token, noted as in use. */
  async renew(refreshDigest: string): Promise<Session | undefined> {
    const session = await this.repository.findByRefreshDigest(refreshDigest);
    return session === undefined ? undefined : this.use(session);
  }

  /** Ends one live session of a user; answers whether there was one. */
  async end(id: string, userId: string, reason: SessionEnd): Promise<boolean> {
    return this.repository.end(id, userId, reason, this.clock.now());
  }

  /** Ends the session behind a refresh token, if it is live. */
  async endByRefreshDigest(refreshDigest: string, reason: SessionEnd): Promise<void> {
    const session = await this.repository.findByRefreshDigest(refreshDigest);
    if (session !== undefined) await this.end(session.id, session.userId, reason);
  }

  /** Ends every live session of a user; answers how many. */
  async endAll(userId: string, reason: SessionEnd): Promise<number> {
    return this.repository.endAllExcept('', userId, reason, this.clock.now());
  }

  private use(session: Session): Session | undefined {
    const now = this.clock.now();
    if (!isLive(session, now)) return undefined;
    if (now - session.lastSeenAt >= this.touchEvery) this.touch(session, now);
    return session;
  }

  /** Beside the request: the answer neither waits for it nor depends on it. */
  private touch({ id, expiresAt }: Session, now: Instant): void {
    if (this.touching.has(id)) return;
    this.touching.add(id);
    const idleExpiresAt = Math.min(now + this.config.sessions.idleTtl, expiresAt);
    this.repository
      .touch(id, now, idleExpiresAt, now - this.touchEvery)
      .catch((error: unknown) => this.logger.debug({ err: error }, 'a session in use could not be noted'))
      .finally(() => this.touching.delete(id));
  }
}

function isLive(session: Session, now: Instant): boolean {
  return session.endedAt === null && now < session.idleExpiresAt && now < session.expiresAt;
}
