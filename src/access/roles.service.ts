import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { In, type FindOptionsOrder, type Repository } from 'typeorm';
import { AuditService, doneBy, type AuditEntry } from '../audit/audit.service.js';
import { DuplicateKeyError } from '../database/driver-errors.js';
import { isUuid, newId } from '../platform/crypto/random.js';
import { canonicalName } from '../platform/display-name.js';
import { limitAndOffset, withTotal, type Slice } from '../platform/http/list-query.js';
import type { Actor } from '../platform/security/auth-context.js';
import { Clock } from '../platform/time/clock.js';
import { AccessErrors } from './access.errors.js';
import { AccessRepository } from './access.repository.js';
import { AccessService, granted } from './access.service.js';
import { Role, RolePermission } from './role.entity.js';
import type { CreateRoleRequest, ListRolesQuery, UpdateRoleRequest } from './roles.dto.js';

/** The field of a role for each value of `sort`. */
const SORTED_BY = { key: 'key', name: 'name', created_at: 'createdAt' } as const;

/** A role together with the codes of its permissions, sorted. */
export interface RoleWithPermissions {
  readonly role: Role;
  readonly permissions: readonly string[];
}

/** The life of a role. The routes in `RolesController` name the failures. */
@Injectable()
export class RolesService {
  constructor(
    @InjectRepository(Role) private readonly roles: Repository<Role>,
    @InjectRepository(RolePermission) private readonly permissions: Repository<RolePermission>,
    private readonly grants: AccessRepository,
    private readonly access: AccessService,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  async list(query: ListRolesQuery): Promise<Slice<RoleWithPermissions>> {
    const direction = query.sort.descending ? 'DESC' : 'ASC';
    const order: FindOptionsOrder<Role> = { [SORTED_BY[query.sort.field]]: direction, id: direction };
    const [take, skip] = limitAndOffset(query);
    const found = await this.roles.find({ order, take, skip });
    const { rows, total } = await withTotal(query, found, () => this.roles.count());
    const all = await this.grants.findGrantsOfRoles(rows.map(({ key }) => key));
    const grants = Map.groupBy(all, ({ roleKey }) => roleKey);
    return { rows: rows.map((role) => ({ role, permissions: granted(grants.get(role.key) ?? []) })), total };
  }

  async get(id: string): Promise<RoleWithPermissions> {
    // MySQL ignores blanks after an id and would find it.
    const role = isUuid(id) ? await this.roles.findOneBy({ id }) : null;
    if (role === null) throw AccessErrors.noSuchRole();
    return { role, permissions: granted(await this.grants.findGrantsOfRoles([role.key])) };
  }

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
        await this.access.requireGrantable(permissions);
        await this.access.requireHolding(actor, permissions);
        await this.roles.insert(role);
        await this.addPermissions(role.id, permissions);
        await this.record(actor, 'role.created', role.id, { permissions });
      })
      .catch((error: unknown) => {
        throw error instanceof DuplicateKeyError ? AccessErrors.roleKeyTaken() : error;
      });
    return { role, permissions };
  }

  async update(actor: Actor, id: string, request: UpdateRoleRequest): Promise<RoleWithPermissions> {
    return this.access.serialised(async () => {
      const before = await this.getChangeable(id);
      const wanted = request.permissions ?? before.permissions;
      const added = [...new Set(wanted)].filter((code) => !before.permissions.includes(code));
      const removed = before.permissions.filter((code) => !wanted.includes(code));
      await this.access.requireGrantable(added);
      await this.access.requireHolding(actor, [...added, ...removed]);
      const { description = before.role.description } = request;
      const name = canonicalName(request.name ?? before.role.name);
      const fields = [
        ...(name === before.role.name ? [] : ['name']),
        ...(description === before.role.description ? [] : ['description']),
        ...(added.length + removed.length === 0 ? [] : ['permissions']),
      ];
      if (fields.length === 0) return before;

      await this.roles.update({ id }, { name, description, updatedAt: this.clock.now() });
      await this.permissions.delete({ roleId: id, permission: In(removed) });
      await this.addPermissions(id, added);
      await this.grants.forgetDropped(removed);
      await this.record(actor, 'role.updated', id, { fields, added, removed });
      return this.get(id);
    });
  }

  async delete(actor: Actor, id: string): Promise<void> {
    await this.access.serialised(async () => {
      const { permissions } = await this.getChangeable(id);
      const isFree = 'NOT EXISTS (SELECT 1 FROM user_roles WHERE role_id = :id)';
      const deletion = this.roles.createQueryBuilder().delete().where(`id = :id AND ${isFree}`, { id });
      if ((await deletion.execute()).affected !== 1) throw AccessErrors.roleInUse();
      await this.grants.forgetDropped(permissions);
      await this.record(actor, 'role.deleted', id);
    });
  }

  private async getChangeable(id: string): Promise<RoleWithPermissions> {
    const found = await this.get(id);
    if (found.role.builtIn === 1) throw AccessErrors.builtInRole();
    return found;
  }

  private async addPermissions(roleId: string, permissions: readonly string[]): Promise<void> {
    await this.permissions.insert(permissions.map((permission) => ({ roleId, permission })));
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
