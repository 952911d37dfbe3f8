import { Inject, Injectable } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { AccessErrors } from '../access/access.errors.js';
import { AccessService } from '../access/access.service.js';
import { KeysErrors } from '../api-keys/keys.errors.js';
import { KeysPermissions } from '../api-keys/keys.permissions.js';
import type { CreateKeyRequest, RotateKeyRequest } from '../api-keys/keys.dto.js';
import { KeysService, scopesOf, type Key, type KeyTerms, type NewKey } from '../api-keys/keys.service.js';
import { keysConfig } from '../config/keys.config.js';
import { PlatformErrors } from '../platform/errors/platform-errors.js';
import type { PageQuery, Slice } from '../platform/http/list-query.js';
import type { AuthContext } from '../platform/security/auth-context.js';
import { DAY, HOUR } from '../platform/time/clock.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { UsersRepository } from './users.repository.js';

const DEFAULT_LIFE = 90 * DAY;
const DEFAULT_OVERLAP_HOURS = 24;

/** Who may make, replace and revoke whose keys: people their own where that is allowed, else whoever manages keys. */
@Injectable()
export class UserKeysService {
  constructor(
    private readonly users: UsersRepository,
    private readonly keys: KeysService,
    private readonly sessions: SessionsService,
    private readonly access: AccessService,
    @Inject(keysConfig.KEY) private readonly config: ConfigType<typeof keysConfig>,
  ) {}

  async list(userId: string, query: PageQuery): Promise<Slice<Key>> {
    await this.users.get(userId);
    return this.keys.list(userId, query);
  }

  /** @throws PlatformErrors.noSuchRoute while people have no keys */
  requirePersonal(): void {
    if (!this.config.personal) throw PlatformErrors.noSuchRoute();
  }

  /**
   * A key for a user, or for oneself.
   *
   * @throws UsersErrors.notFound; AccessErrors.exceedsOwn; PlatformErrors.invalidRequest for a permission that there is
   *   not; KeysErrors.ownerLacks, tooManyKeys
   */
  async create(actor: AuthContext, userId: string, request: CreateKeyRequest): Promise<NewKey> {
    const terms = this.termsOf(request);
    return this.access.serialised(async () => {
      const { user } = await this.users.get(userId);
      if (user.kind === 'person') this.requirePersonal();
      await this.takeTurn(actor, userId);
      if (userId !== actor.user.id) await this.access.requireNotBelow(actor, userId);
      await this.access.requireGrantable(terms.scopes, 'scopes');
      if (!(await this.access.doesHold(userId, terms.scopes))) throw KeysErrors.ownerLacks();
      await this.access.requireHolding(actor, terms.scopes);
      return this.keys.create(userId, terms, actor);
    });
  }

  /** @throws KeysErrors.noSuchKey, alreadyReplaced; AccessErrors.notPermitted, exceedsOwn */
  async rotate(actor: AuthContext, id: string, request: RotateKeyRequest): Promise<NewKey> {
    const { overlap_hours = DEFAULT_OVERLAP_HOURS } = request;
    return this.access.serialised(async () => {
      const { userId } = await this.find(actor, id);
      const { user } = await this.users.get(userId);
      if (user.kind === 'person') this.requirePersonal();
      await this.takeTurn(actor, userId);
      const key = await this.keys.get(id);
      await this.access.requireHolding(actor, scopesOf(key.scopes));
      return this.keys.rotate(key, overlap_hours * HOUR, actor);
    });
  }

  /** @throws KeysErrors.noSuchKey; AccessErrors.notPermitted, exceedsOwn */
  async revoke(actor: AuthContext, id: string): Promise<void> {
    await this.access.serialised(async () => this.keys.revoke(await this.find(actor, id), actor));
  }

  /**
   * Waits for whatever ends the owner's sessions at this moment, such as a change of the password, and keeps such a change
   * waiting: a key that was made beside it would outlive it. The owner's row is the lock of both.
   *
   * @throws KeysErrors.ownerLacks for an owner who is not active; AccessErrors.notPermitted if the actor's session has ended
   */
  private async takeTurn(actor: AuthContext, ownerId: string): Promise<void> {
    if (!(await this.users.lockActive(ownerId))) throw KeysErrors.ownerLacks();
    if (!(await this.sessions.isStillLive(actor.session.id))) throw AccessErrors.notPermitted();
  }

  /** A key of one's own, or of somebody who is not above oneself. */
  private async find(actor: AuthContext, id: string): Promise<Key> {
    const managesKeys = await this.access.holdsAny(actor, [KeysPermissions.manage]);
    const key = await this.keys.get(id).catch((error: unknown) => {
      // Nothing is told of other people's keys, not even that there are none.
      throw managesKeys ? error : AccessErrors.notPermitted();
    });
    if (key.userId === actor.user.id) return key;
    if (!managesKeys) throw AccessErrors.notPermitted();
    await this.access.requireNotBelow(actor, key.userId);
    return key;
  }

  private termsOf({ name, scopes, networks = [], expires_in_days }: CreateKeyRequest): KeyTerms {
    const most = Math.floor(this.config.maxTtl / DAY);
    if (expires_in_days !== undefined && expires_in_days > most) {
      const params = { min: 1, max: most };
      throw PlatformErrors.invalidRequest({
        violations: [{ field: 'expires_in_days', rule: 'integer', params }],
      });
    }
    const life =
      expires_in_days === undefined ? Math.min(DEFAULT_LIFE, this.config.maxTtl) : expires_in_days * DAY;
    return { name, scopes: [...new Set(scopes)].sort(), networks: [...new Set(networks)], life };
  }
}
