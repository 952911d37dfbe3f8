import { Injectable } from '@nestjs/common';
import { AuditService, doneBy } from '../audit/audit.service.js';
import { Database } from '../database/database.js';
import { DuplicateKeyError } from '../database/driver-errors.js';
import { isUuid, newId } from '../platform/crypto/random.js';
import { canonicalName } from '../platform/display-name.js';
import type { Slice } from '../platform/http/list-query.js';
import { declaredPermissions } from '../platform/security/permission.js';
import type { Actor } from '../platform/security/auth-context.js';
import { Clock } from '../platform/time/clock.js';
import { AccessErrors } from './access.errors.js';
import { AccessService, ADMINISTRATOR } from './access.service.js';
import type { Role } from './role.entity.js';
import type { CreateRoleRequest, ListRolesQuery, UpdateRoleRequest } from './roles.dto.js';
import { RolesRepository } from './roles.repository.js';

/** A role together with the codes of its permissions, sorted. */
export interface RoleWithPermissions {
  readonly role: Role;
  readonly permissions: readonly string[];
}

/** The life of a role. */
@Injectable()
export class RolesService {
  constructor(
    private readonly repository: RolesRepository,
    private readonly access: AccessService,
    private readonly audit: AuditService,
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  async list(query: ListRolesQuery): Promise<Slice<RoleWithPermissions>> {
    const { rows, total } = await this.repository.findPage(query);
    return { rows: await this.withPermissions(rows), total };
  }

  /** @throws AppError 13001 */
  async get(id: string): Promise<RoleWithPermissions> {
    // MySQL ignores blanks after an id, so what is no id is not asked for.
    const role = isUuid(id) ? await this.repository.findById(id) : undefined;
    if (role === undefined) throw AccessErrors.noSuchRole();
    const [found] = await this.withPermissions([role]);
    return found ?? { role, permissions: [] };
  }

  /** @throws AppError 13002 when the key is taken, 13005 when a permission exceeds what the actor holds */
  async create(
    actor: Actor,
    { key, description = '', ...request }: CreateRoleRequest,
  ): Promise<RoleWithPermissions> {
    const permissions = [...new Set(request.permissions)].sort();
    const now = this.clock.now();
    const name = canonicalName(request.name);
    const role: Role = { id: newId(), key, name, description, builtIn: 0, createdAt: now, updatedAt: now };
    await this.database
      .transaction(async () => {
        await this.access.serialise();
        await this.access.requireHolding(actor, permissions);
        await this.repository.insert(role);
        await this.repository.addPermissions(role.id, permissions);
        await this.audit.record({
          ...doneBy(actor),
          action: 'role.created',
          targetType: 'role',
          targetId: role.id,
          detail: { permissions },
        });
      })
      .catch((error: unknown) => {
        throw error instanceof DuplicateKeyError ? AccessErrors.roleKeyTaken() : error;
      });
    return { role, permissions };
  }

  /** @throws AppError 13001, 13003, 13005 when a permission to add or remove exceeds what the actor holds */
  async update(actor: Actor, id: string, request: UpdateRoleRequest): Promise<RoleWithPermissions> {
    return this.database.transaction(async () => {
      await this.access.serialise();
      const before = await this.getChangeable(id);
      const wanted = request.permissions ?? before.permissions;
      const added = [...new Set(wanted)].filter((code) => !before.permissions.includes(code));
      const removed = before.permissions.filter((code) => !wanted.includes(code));
      await this.access.requireHolding(actor, [...added, ...removed]);
      const { description = before.role.description } = request;
      const name = canonicalName(request.name ?? before.role.name);
      const fields = [
        ...(name === before.role.name ? [] : ['name']),
        ...(description === before.role.description ? [] : ['description']),
        ...(added.length + removed.length === 0 ? [] : ['permissions']),
      ];
      if (fields.length === 0) return before;

      await this.repository.update({ ...before.role, name, description, updatedAt: this.clock.now() });
      await this.repository.removePermissions(id, removed);
      await this.repository.addPermissions(id, added);
      await this.audit.record({
        ...doneBy(actor),
        action: 'role.updated',
        targetType: 'role',
        targetId: id,
        detail: { fields, added, removed },
      });
      return this.get(id);
    });
  }

  /** @throws AppError 13001, 13003, 13004 when somebody holds it */
  async delete(actor: Actor, id: string): Promise<void> {
    await this.database.transaction(async () => {
      await this.access.serialise();
      await this.getChangeable(id);
      if (!(await this.repository.deleteUnused(id))) throw AccessErrors.roleInUse();
      await this.audit.record({ ...doneBy(actor), action: 'role.deleted', targetType: 'role', targetId: id });
    });
  }

  private async getChangeable(id: string): Promise<RoleWithPermissions> {
    const found = await this.get(id);
    if (found.role.builtIn === 1) throw AccessErrors.builtInRole();
    return found;
  }

  private async withPermissions(roles: readonly Role[]): Promise<RoleWithPermissions[]> {
    const declared = declaredPermissions().map(({ code }) => code);
    const listed = await this.repository.findPermissions(roles.map(({ id }) => id));
    return roles.map((role) => ({
      role,
      permissions:
        role.key === ADMINISTRATOR
          ? declared
          : declared.filter((code) => listed.get(role.id)?.includes(code)),
    }));
  }
}
