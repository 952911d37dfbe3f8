import { Injectable } from '@nestjs/common';
import { AccessService } from '../access/access.service.js';
import type { Slice } from '../platform/http/list-query.js';
import { UserSearch } from './user-search.js';
import type { ListUsersQuery } from './users.dto.js';
import type { UserWithRoles } from './users.service.js';

/** Users, found and listed. */
@Injectable()
export class UserDirectoryService {
  constructor(
    private readonly search: UserSearch,
    private readonly access: AccessService,
  ) {}

  async list(query: ListUsersQuery): Promise<Slice<UserWithRoles>> {
    const { rows, total } = await this.search.find(query);
    const roles = await this.access.rolesOfAll(rows.map(({ id }) => id));
    return { rows: rows.map((user) => ({ user, roles: roles.get(user.id) ?? [] })), total };
  }
}
