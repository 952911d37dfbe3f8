import { Injectable } from '@nestjs/common';
import type { Counter } from 'prom-client';
import { AccessService } from '../access/access.service.js';
import { codeOf } from '../access/applications.dto.js';
import { ApplicationsService } from '../access/applications.service.js';
import { Metrics } from '../platform/metrics/metrics.js';
import { declaredPermissions } from '../platform/security/permission.js';
import type { AuthContext } from '../platform/security/auth-context.js';
import { UsersErrors } from '../users/users.errors.js';
import { UsersService } from '../users/users.service.js';
import type { CheckRequest, CheckResultResponse, HeldPermissionResponse, Reason } from './authz.dto.js';
import { TokenHolderService } from './token-holder.service.js';

/** Of whom something is asked: nobody, or a user within the bounds of a key. */
interface Subject {
  readonly userId: string;
  readonly isActive: boolean;
  readonly scopes: readonly string[] | null;
}

/** Decisions for other services: what a user may do, as the guard of Gatehouse's own routes would decide it. */
@Injectable()
export class AuthzService {
  private readonly decisions: Counter<'allowed'>;

  constructor(
    private readonly holders: TokenHolderService,
    private readonly users: UsersService,
    private readonly access: AccessService,
    private readonly applications: ApplicationsService,
    metrics: Metrics,
  ) {
    this.decisions = metrics.counter('decisions_total', 'Decisions of POST /authz/check.', ['allowed']);
  }

  /** One result for each check, in their order. A subject that there is not is an answer and no failure. */
  async check({ subject, checks, explain = false }: CheckRequest): Promise<CheckResultResponse[]> {
    const found = await this.find(subject);
    const known = await this.access.known([...new Set(checks)]);
    const roles =
      found === undefined ? undefined : await this.access.rolesBehind(found.userId, [...new Set(checks)]);
    return checks.map((permission) => {
      const via = roles?.get(permission) ?? [];
      const why = reasonAgainst(permission, found, known, via);
      this.decisions.inc({ allowed: String(why === undefined) });
      if (why !== undefined) return { permission, allowed: false, why };
      return { permission, allowed: true, ...(explain && { via }) };
    });
  }

  /** What a caller may do in an application, or at Gatehouse itself. */
  async permissionsOf(caller: AuthContext, application: string | undefined): Promise<string[]> {
    if (application === undefined) return this.access.ownPermissions(caller);
    const codes = await this.applications.codesOf(application);
    const held = await this.access.heldOf(caller, codes);
    return codes.filter((code) => held.has(code)).map(codeOf);
  }

  /** What a user may do, and by which roles. @throws UsersErrors.notFound, AccessErrors.noSuchApplication */
  async explain(userId: string, application: string | undefined): Promise<HeldPermissionResponse[]> {
    await this.users.get(userId);
    const codes =
      application === undefined
        ? declaredPermissions().map(({ code }) => code)
        : await this.applications.codesOf(application);
    const behind = await this.access.rolesBehind(userId, codes);
    return codes.flatMap((code) => {
      const roles = behind.get(code) ?? [];
      return roles.length === 0 ? [] : [{ code: codeOf(code), roles }];
    });
  }

  private async find({ user_id, token }: CheckRequest['subject']): Promise<Subject | undefined> {
    if (token !== undefined) {
      const holder = await this.holders.find(token);
      return holder && { userId: holder.user.id, isActive: true, scopes: holder.scopes };
    }
    const found = await this.users.get(user_id ?? '').catch((error: unknown) => {
      if (UsersErrors.notFound.describes(error)) return undefined;
      throw error;
    });
    return found && { userId: found.user.id, isActive: found.user.status === 'active', scopes: null };
  }
}

function reasonAgainst(
  permission: string,
  subject: Subject | undefined,
  known: ReadonlySet<string>,
  via: readonly string[],
): Reason | undefined {
  if (!known.has(permission)) return 'no_such_permission';
  if (subject === undefined) return 'no_such_user';
  if (!subject.isActive) return 'disabled';
  if (via.length === 0) return 'no_role';
  return subject.scopes === null || subject.scopes.includes(permission) ? undefined : 'outside_scopes';
}
