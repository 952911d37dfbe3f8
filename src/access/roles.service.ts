import { Injectable } from '@nestjs/common';
import { AuditService, doneBy, type AuditEntry } from '../audit/audit.service.js';
import { DuplicateKeyError } from '../database/driver-errors.js';
import { isUuid, newId } from '../platform/crypto/random.js';
import { canonicalName } from '../platform/display-name.js';
import type { Slice } from '../platform/http/list-query.js';
import type { Actor } from '../platform/security/auth-context.js';
import { Clock } from '../platform/time/clock.js';
import { AccessErrors } from './access.errors.js';
import { AccessRepository } from './access.repository.js';
import { AccessService, granted } from './access.service.js';
import type { Role } from './role.entity.js';
import type { CreateRoleRequest, ListRolesQuery, UpdateRoleRequest } from './roles.dto.js';

/** A role together with the codes of its permissions, sorted. */
export interface RoleWithPermissions {
  readonly role: Role;
  readonly permissions: readonly string[];
}

/** The life of a role. */
@Injectable()
export class RolesService {
  constructor(
    private readonly repository: AccessRepository,
    private readonly access: AccessService,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  async list(query: ListRolesQuery): Promise<Slice<RoleWithPermissions>> {
    const { rows, total } = await this.repository.findPage(query);
    const grants = Map.groupBy(
      await this.repository.findGrantsOfRoles(rows.map(({ key }) => key)),
      ({ roleKey }) => roleKey,
    );
    return { rows: rows.map((role) => ({ role, permissions: granted(grants.get(role.key) ?? []) })), total };
  }

  /** @throws AccessErrors.noSuchRole */
  async get(id: string): Promise<RoleWithPermissions> {
    // MySQL ignores blanks after an id, so what is no id is not asked for.
    const role = isUuid(id) ? await this.repository.findById(id) : undefined;
    if (role === undefined) throw AccessErrors.noSuchRole();
    return { role, permissions: granted(await this.repository.findGrantsOfRoles([role.key])) };
  }

  /** @throws AccessErrors.roleKeyTaken, AccessErrors.exceedsOwn */
  async create(
    actor: Actor,
    { key, description = '', ...request }: CreateRoleRequest,
  ): Promise<RoleWithPermissions> {
    const permissions = [...new Set(request.permissions)].sort();
    const now = this.clock.now();
    const name = canonicalName(request.name);
    const role: Role = { id: newId(), key, name, description, builtIn: 0, createdAt: now, updatedAt: now };
    await this.access
      .serialised(async () => {
        await this.access.requireHolding(actor, permissions);
        await this.repository.insert(role);
        await this.repository.addPermissions(role.id, permissions);
        await this.record(actor, 'role.created', role.id, { permissions });
      })
      .catch((error: unknown) => {
        throw error instanceof DuplicateKeyError ? AccessErrors.roleKeyTaken() : error;
      });
    return { role, permissions };
  }

  /** @throws AccessErrors.noSuchRole, AccessErrors.builtInRole, AccessErrors.exceedsOwn */
  async update(actor: Actor, id: string, request: UpdateRoleRequest): Promise<RoleWithPermissions> {
    return this.access.serialised(async () => {
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
      await this.record(actor, 'role.updated', id, { fields, added, removed });
      return this.get(id);
    });
  }

  /** @throws AccessErrors.noSuchRole, AccessErrors.builtInRole, AccessErrors.roleInUse */
  async delete(actor: Actor, id: string): Promise<void> {
    await this.access.serialised(async () => {
      await this.getChangeable(id);
      if (!(await this.repository.deleteUnused(id))) throw AccessErrors.roleInUse();
      await this.record(actor, 'role.deleted', id);
    });
  }

  private async getChangeable(id: string): Promise<RoleWithPermissions> {
    const found = await this.get(id);
    if (found.role.builtIn === 1) throw AccessErrors.builtInRole();
    return found;
  }

  private async record(
    actor: Actor,
    action: AuditEntry['action'],
    targetId: string,
    detail: AuditEntry['detail'] = {},
  ): Promise<void> {
    await this.audit.record({ ...doneBy(actor), action, targetType: 'role', targetId, detail });
  }
}
