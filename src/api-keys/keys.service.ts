import { Inject, Injectable } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { InjectRepository } from '@nestjs/typeorm';
import { IsNull, type Repository } from 'typeorm';
import { AuditService, doneBy, type AuditEntry } from '../audit/audit.service.js';
import { keysConfig } from '../config/keys.config.js';
import { Database } from '../database/database.js';
import { columnList } from '../database/entity-statements.js';
import { isUuid } from '../platform/crypto/random.js';
import { canonicalName } from '../platform/display-name.js';
import { limitAndOffset, withTotal, type PageQuery, type Slice } from '../platform/http/list-query.js';
import { OPERATOR, type Actor } from '../platform/security/auth-context.js';
import { Clock, type Duration, type Instant } from '../platform/time/clock.js';
import { Session } from '../sessions/session.entity.js';
import { KeySessions } from '../sessions/key-sessions.service.js';
import { newKeyToken } from '../tokens/key-tokens.js';
import { ApiKey } from './api-key.entity.js';
import { KeysErrors } from './keys.errors.js';

/** A key: its session, and what only keys have. */
export type Key = Session & ApiKey;

/** A key that was just made, with the secret that is told once. */
export interface NewKey {
  readonly key: Key;
  readonly secret: string;
}

export interface KeyTerms {
  readonly name: string;
  readonly scopes: readonly string[];
  readonly networks: readonly string[];
  readonly life: Duration;
}

const KEYS = `SELECT ${columnList(Session, 's')}, ${columnList(ApiKey, 'k')}
  FROM api_keys k JOIN sessions s ON s.id = k.session_id`;

/** Keys of users. Who may do it is for others to say; here is what becomes of a key. */
@Injectable()
export class KeysService {
  constructor(
    @InjectRepository(ApiKey) private readonly keys: Repository<ApiKey>,
    private readonly sessions: KeySessions,
    private readonly audit: AuditService,
    private readonly database: Database,
    @Inject(keysConfig.KEY) private readonly config: ConfigType<typeof keysConfig>,
    private readonly clock: Clock,
  ) {}

  /** A page of the keys of a user: live ones first, then the newest. */
  async list(userId: string, query: PageQuery): Promise<Slice<Key>> {
    const order =
      'CASE WHEN s.ended_at IS NULL AND s.expires_at > ? THEN 0 ELSE 1 END, s.created_at DESC, s.id';
    const rows = await this.database.query<Key[]>(
      `${KEYS} WHERE s.user_id = ? ORDER BY ${order} LIMIT ? OFFSET ?`,
      [userId, this.clock.now(), ...limitAndOffset(query)],
    );
    return withTotal(query, rows, async () => {
      const [counted] = await this.database.query<Array<{ total: number }>>(
        `SELECT COUNT(*) AS total FROM api_keys k JOIN sessions s ON s.id = k.session_id WHERE s.user_id = ?`,
        [userId],
      );
      return Number(counted?.total ?? 0);
    });
  }

  /** A key, whatever state it is in. @throws KeysErrors.noSuchKey */
  async get(id: string): Promise<Key> {
    const rows = isUuid(id) ? await this.database.query<Key[]>(`${KEYS} WHERE k.session_id = ?`, [id]) : [];
    if (rows[0] === undefined) throw KeysErrors.noSuchKey();
    return rows[0];
  }

  /**
   * A new key of a user. The caller's transaction keeps others from making one at the same time.
   *
   * @throws KeysErrors.tooManyKeys
   */
  async create(userId: string, terms: KeyTerms, by: Actor): Promise<NewKey> {
    await this.requireRoom(userId);
    const made = await this.insert(userId, terms, by);
    const { key } = made;
    await this.record(by, 'key.created', key, { scopes: terms.scopes, expires_at: key.expiresAt });
    return made;
  }

  /**
   * A successor on the same terms, with a full new life. The old key works during the overlap, so that programs can be
   * given the new one.
   *
   * @throws KeysErrors.alreadyReplaced; KeysErrors.noSuchKey for one that has ended; KeysErrors.tooManyKeys where too many
   *   have a successor and still work
   */
  async rotate(old: Key, overlap: Duration, by: Actor): Promise<NewKey> {
    if (old.replacedBy !== null) throw KeysErrors.alreadyReplaced();
    if (!this.isLive(old)) throw KeysErrors.noSuchKey();
    return this.database.transaction(async () => {
      await this.requireRoom(old.userId, 2 * this.config.maxPerUser);
      const life = Math.min(old.expiresAt - old.createdAt, this.config.maxTtl);
      const terms = { ...termsOf(old), life };
      const made = await this.insert(old.userId, terms, by);
      const { key } = made;
      // Only one of several parallel rotations finds it without a successor.
      const unreplaced = { sessionId: old.sessionId, replacedBy: IsNull() };
      const { affected } = await this.keys.update(unreplaced, { replacedBy: key.id });
      if (affected !== 1) throw KeysErrors.alreadyReplaced();
      const endsAt = Math.min(old.expiresAt, this.clock.now() + overlap);
      await this.sessions.shorten(old.id, endsAt);
      await this.record(by, 'key.rotated', old, { replaced_by: key.id, ends_at: endsAt });
      return made;
    });
  }

  /** Ends a key at once. @throws KeysErrors.noSuchKey */
  async revoke(key: Pick<Session, 'id' | 'userId'>, by: Actor): Promise<void> {
    if (!(await this.revokeIfLive(key, by))) throw KeysErrors.noSuchKey();
  }

  /** Ends a key at once; answers whether it was live. */
  async revokeIfLive(key: Pick<Session, 'id' | 'userId'>, by: Actor): Promise<boolean> {
    return this.database.transaction(async () => {
      const wasLive = await this.sessions.end(key.id);
      if (wasLive) await this.record(by, 'key.revoked', key, {});
      return wasLive;
    });
  }

  private async insert(
    userId: string,
    { name, scopes, networks, life }: KeyTerms,
    by: Actor,
  ): Promise<NewKey> {
    const { token, digest, hint } = newKeyToken();
    const expiresAt: Instant = this.clock.now() + life;
    const session = await this.sessions.open({ userId, digest, scopes, expiresAt });
    const apiKey: ApiKey = {
      sessionId: session.id,
      name: canonicalName(name),
      hint,
      createdBy: by === OPERATOR ? null : by.user.id,
      replacedBy: null,
      networks: networks.length === 0 ? null : JSON.stringify(networks),
      warnedAt: null,
    };
    await this.keys.insert(apiKey);
    return { key: { ...session, ...apiKey }, secret: token };
  }

  /** @param most if given, keys that have a successor count, too */
  private async requireRoom(userId: string, most?: number): Promise<void> {
    const unreplaced = most === undefined ? 'AND k.replaced_by IS NULL' : '';
    const [counted] = await this.database.query<Array<{ live: number }>>(
      `SELECT COUNT(*) AS live FROM api_keys k JOIN sessions s ON s.id = k.session_id
       WHERE s.user_id = ? AND s.ended_at IS NULL AND s.expires_at > ? ${unreplaced}`,
      [userId, this.clock.now()],
    );
    if (Number(counted?.live ?? 0) >= (most ?? this.config.maxPerUser)) throw KeysErrors.tooManyKeys();
  }

  private isLive({ endedAt, expiresAt }: Session): boolean {
    return endedAt === null && expiresAt > this.clock.now();
  }

  private async record(
    by: Actor,
    action: AuditEntry['action'],
    { id, userId }: Pick<Session, 'id' | 'userId'>,
    detail: AuditEntry['detail'],
  ): Promise<void> {
    const target = { targetType: 'key', targetId: id } as const;
    await this.audit.record({ ...doneBy(by), action, ...target, detail: { user_id: userId, ...detail } });
  }
}

/** On which terms a key was made. */
function termsOf({ name, scopes, networks }: Key): Omit<KeyTerms, 'life'> {
  return { name, scopes: scopesOf(scopes), networks: networksOf(networks) };
}

export function scopesOf(scopes: string | null): string[] {
  return JSON.parse(scopes ?? '[]');
}

export function networksOf(networks: string | null): string[] {
  return JSON.parse(networks ?? '[]');
}
