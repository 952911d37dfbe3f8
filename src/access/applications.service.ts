import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { FindOptionsOrder, Repository } from 'typeorm';
import { AuditService, doneBy, type AuditEntry } from '../audit/audit.service.js';
import { DuplicateKeyError } from '../database/driver-errors.js';
import { isUuid, newId } from '../platform/crypto/random.js';
import { canonicalName } from '../platform/display-name.js';
import { PlatformErrors } from '../platform/errors/platform-errors.js';
import { requireRevision } from '../platform/http/entity-tag.js';
import { limitAndOffset, withTotal, type Slice } from '../platform/http/list-query.js';
import type { Actor } from '../platform/security/auth-context.js';
import { Clock } from '../platform/time/clock.js';
import { AccessErrors } from './access.errors.js';
import { AccessService } from './access.service.js';
import { Application, ApplicationPermission } from './application.entity.js';
import type {
  CreateApplicationRequest,
  ListApplicationsQuery,
  UpdateApplicationRequest,
} from './applications.dto.js';

/** The field of an application for each value of `sort`. */
const SORTED_BY = { key: 'key', name: 'name', created_at: 'createdAt' } as const;

export interface ApplicationWithPermissions {
  readonly application: Application;
  /** By code; each with the number of roles that list it. */
  readonly permissions: ReadonlyArray<ApplicationPermission & { readonly roles: number }>;
}

/** The life of an application. The routes in `ApplicationsController` name the failures. */
@Injectable()
export class ApplicationsService {
  constructor(
    @InjectRepository(Application) private readonly applications: Repository<Application>,
    @InjectRepository(ApplicationPermission)
    private readonly permissions: Repository<ApplicationPermission>,
    private readonly access: AccessService,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  async list(query: ListApplicationsQuery): Promise<Slice<Application>> {
    const direction = query.sort.descending ? 'DESC' : 'ASC';
    const order: FindOptionsOrder<Application> = {
      [SORTED_BY[query.sort.field]]: direction,
      id: direction,
    };
    const [take, skip] = limitAndOffset(query);
    const found = await this.applications.find({ order, take, skip });
    return withTotal(query, found, () => this.applications.count());
  }

  /** By its id or its key. @throws AccessErrors.noSuchApplication */
  async find(idOrKey: string): Promise<Application> {
    const application = await this.applications.findOneBy(
      isUuid(idOrKey) ? { id: idOrKey } : { key: idOrKey },
    );
    // MySQL ignores blanks after a text and would find it.
    if (application === null || ![application.id, application.key].includes(idOrKey))
      throw AccessErrors.noSuchApplication();
    return application;
  }

  async get(idOrKey: string): Promise<ApplicationWithPermissions> {
    const application = await this.find(idOrKey);
    const declared = await this.declaredBy(application);
    const counts = await this.permissions.query<Array<{ permission: string; roles: number }>>(
      `SELECT permission, COUNT(*) AS roles FROM role_permissions
       WHERE permission IN (SELECT permission FROM application_permissions WHERE application_id = ?)
       GROUP BY permission`,
      [application.id],
    );
    const roles = new Map(counts.map((one) => [one.permission, Number(one.roles)]));
    return {
      application,
      permissions: declared.map((one) => ({ ...one, roles: roles.get(one.permission) ?? 0 })),
    };
  }

  /** The permissions of an application that a role can list. */
  async listGrantable(idOrKey: string): Promise<ApplicationPermission[]> {
    const declared = await this.declaredBy(await this.find(idOrKey));
    return declared.filter(({ retiredAt }) => retiredAt === null);
  }

  /** The full codes of an application, those that it has retired among them. */
  async codesOf(idOrKey: string): Promise<string[]> {
    return codesOf(await this.declaredBy(await this.find(idOrKey)));
  }

  async create(actor: Actor, request: CreateApplicationRequest): Promise<Application> {
    const now = this.clock.now();
    const { key } = request;
    const ownerId = request.owner_id || null;
    const application: Application = {
      id: newId(),
      key,
      name: canonicalName(request.name),
      ownerId,
      revision: 1,
      menuRevision: 0,
      createdAt: now,
      updatedAt: now,
    };
    return this.access
      .serialised(async () => {
        await this.requireOwner(ownerId);
        await this.applications.insert(application);
        await this.record(actor, 'application.created', application);
        return application;
      })
      .catch((error: unknown) => {
        throw error instanceof DuplicateKeyError ? AccessErrors.applicationKeyTaken() : error;
      });
  }

  async update(
    actor: Actor,
    idOrKey: string,
    request: UpdateApplicationRequest,
    basedOn: number | undefined,
  ): Promise<Application> {
    return this.access.serialised(async () => {
      const before = await this.find(idOrKey);
      requireRevision(before, basedOn);
      const name = canonicalName(request.name ?? before.name);
      const ownerId = request.owner_id === undefined ? before.ownerId : request.owner_id || null;
      const fields = [
        ...(name === before.name ? [] : ['name']),
        ...(ownerId === before.ownerId ? [] : ['owner_id']),
      ];
      if (fields.length === 0) return before;
      if (fields.includes('owner_id')) await this.requireOwner(ownerId);
      const after = await this.revise({ ...before, name, ownerId });
      await this.record(actor, 'application.updated', after, { fields });
      return after;
    });
  }

  async delete(actor: Actor, idOrKey: string, basedOn: number | undefined): Promise<void> {
    await this.access.serialised(async () => {
      const application = await this.find(idOrKey);
      requireRevision(application, basedOn);
      const { id } = application;
      const isUnlisted = `NOT EXISTS (SELECT 1 FROM role_permissions WHERE permission IN
        (SELECT permission FROM application_permissions WHERE application_id = :id))`;
      const deletion = this.applications.createQueryBuilder().delete();
      const { affected } = await deletion.where(`id = :id AND ${isUnlisted}`, { id }).execute();
      if (affected !== 1) throw AccessErrors.permissionsInUse();
      await this.record(actor, 'application.deleted', application);
    });
  }

  /** The permissions of an application, by code; those that it has retired among them. */
  async declaredBy({ id: applicationId }: Application): Promise<ApplicationPermission[]> {
    return this.permissions.find({ where: { applicationId }, order: { permission: 'ASC' } });
  }

  /** Writes an application as changed, in the current transaction. */
  async revise(application: Application): Promise<Application> {
    const { id, name, ownerId } = application;
    const after = { ...application, revision: application.revision + 1, updatedAt: this.clock.now() };
    await this.applications.update(
      { id },
      { name, ownerId, revision: after.revision, updatedAt: after.updatedAt },
    );
    return after;
  }

  private async requireOwner(ownerId: string | null): Promise<void> {
    if (ownerId === null) return;
    const found = await this.applications.query<unknown[]>(
      "SELECT 1 FROM users WHERE id = ? AND kind = 'service'",
      [ownerId],
    );
    if (found.length > 0) return;
    throw PlatformErrors.invalidRequest({ violations: [{ field: 'owner_id', rule: 'service_account' }] });
  }

  async record(
    actor: Actor,
    action: AuditEntry['action'],
    { id, key }: Application,
    detail: AuditEntry['detail'] = {},
  ): Promise<void> {
    const target = { targetType: 'application', targetId: id } as const;
    await this.audit.record({ ...doneBy(actor), action, ...target, detail: { key, ...detail } });
  }
}

/** Full codes, sorted. */
export function codesOf(rows: readonly ApplicationPermission[]): string[] {
  return rows.map(({ permission }) => permission).sort();
}
