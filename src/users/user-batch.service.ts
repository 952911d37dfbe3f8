import { Injectable, Logger } from '@nestjs/common';
import { AccessService } from '../access/access.service.js';
import { currentRequest } from '../platform/context/request-context.js';
import { FailureLog } from '../platform/errors/failure-log.js';
import { failureFor, successEnvelope, toAppError, type Envelope } from '../platform/errors/failure.js';
import { PlatformErrors } from '../platform/errors/platform-errors.js';
import type { AuthContext } from '../platform/security/auth-context.js';
import { UserAdministrationService } from './user-administration.service.js';
import { UsersPermissions } from './users.permissions.js';

/** What can be done to many users at once, and the permission that it needs. */
const NEEDS = {
  enable: UsersPermissions.update,
  disable: UsersPermissions.update,
  delete: UsersPermissions.delete,
} as const;

export const BATCH_ACTIONS = ['enable', 'disable', 'delete'] as const;
export type BatchAction = keyof typeof NEEDS;

/** What a call for this user alone would have answered. */
export interface BatchResult extends Pick<Envelope, 'code' | 'msg'> {
  readonly id: string;
}

const UNAVAILABLE = PlatformErrors.dependencyUnavailable().definition.code;

/** One action on many users, each on its own. */
@Injectable()
export class UserBatchService {
  private readonly log = new FailureLog(new Logger('Batch'));

  constructor(
    private readonly access: AccessService,
    private readonly administration: UserAdministrationService,
  ) {}

  /**
   * Runs an action on each user, in a transaction of its own, in the order given; duplicates once. Without the permission
   * that the action needs, it is refused before the first user.
   */
  async run(actor: AuthContext, action: BatchAction, ids: readonly string[]): Promise<BatchResult[]> {
    await this.access.require(actor, NEEDS[action]);
    const results: BatchResult[] = [];
    let outage: Omit<BatchResult, 'id'> | undefined;
    for (const id of new Set(ids)) {
      const { code, msg } = outage ?? (await this.one(actor, action, id));
      results.push({ id, code, msg });
      // While the database is away, each of the others would wait for its deadline.
      if (code === UNAVAILABLE) outage = { code, msg };
    }
    return results;
  }

  private async one(actor: AuthContext, action: BatchAction, id: string): Promise<Envelope> {
    const { language } = currentRequest();
    try {
      await this.administration[action](actor, id);
      return successEnvelope(null, language);
    } catch (thrown) {
      const error = toAppError(thrown);
      const { status, body } = failureFor(error, language);
      if (status >= 500) this.log.error(error, 'a batch failed half-way');
      return body;
    }
  }
}
