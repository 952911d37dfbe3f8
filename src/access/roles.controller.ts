import { Body, Controller, Delete, Get, Param, Patch, Post, Query, UseInterceptors } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { ApiAnswer, ApiFailures } from '../platform/http/api-answer.js';
import { ListLimitInterceptor } from '../platform/http/list-limiter.js';
import { ListOf, toListResponse, type ListResponse } from '../platform/http/list-query.js';
import { declaredPermissions } from '../platform/security/permission.js';
import { CurrentAuth, type AuthContext } from '../platform/security/auth-context.js';
import { RequirePermission } from '../platform/security/route-access.js';
import { AccessErrors } from './access.errors.js';
import { AccessPermissions } from './access.permissions.js';
import { toPermissionResponse } from './applications.dto.js';
import { ApplicationsService } from './applications.service.js';
import {
  CreateRoleRequest,
  ListPermissionsQuery,
  ListRolesQuery,
  PermissionsResponse,
  RoleResponse,
  toRoleResponse,
  UpdateRoleRequest,
} from './roles.dto.js';
import { RolesService } from './roles.service.js';

@ApiTags('Roles')
@Controller()
export class RolesController {
  constructor(
    private readonly roles: RolesService,
    private readonly applications: ApplicationsService,
  ) {}

  /** List roles */
  @Get('roles')
  @RequirePermission(AccessPermissions.readRoles)
  @UseInterceptors(ListLimitInterceptor)
  @ApiAnswer(ListOf(RoleResponse))
  async listRoles(@Query() query: ListRolesQuery): Promise<ListResponse<RoleResponse>> {
    return toListResponse(query, await this.roles.list(query), toRoleResponse);
  }

  /** Create a role */
  @Post('roles')
  @RequirePermission(AccessPermissions.manageRoles)
  @ApiAnswer(RoleResponse)
  @ApiFailures(AccessErrors.roleKeyTaken, AccessErrors.exceedsOwn)
  async createRole(
    @CurrentAuth() actor: AuthContext,
    @Body() request: CreateRoleRequest,
  ): Promise<RoleResponse> {
    return toRoleResponse(await this.roles.create(actor, request));
  }

  /** Read a role */
  @Get('roles/:id')
  @RequirePermission(AccessPermissions.readRoles)
  @ApiAnswer(RoleResponse)
  @ApiFailures(AccessErrors.noSuchRole)
  async getRole(@Param('id') id: string): Promise<RoleResponse> {
    return toRoleResponse(await this.roles.get(id));
  }

  /** Change a role; its key stays */
  @Patch('roles/:id')
  @RequirePermission(AccessPermissions.manageRoles)
  @ApiAnswer(RoleResponse)
  @ApiFailures(AccessErrors.noSuchRole, AccessErrors.builtInRole, AccessErrors.exceedsOwn)
  async updateRole(
    @CurrentAuth() actor: AuthContext,
    @Param('id') id: string,
    @Body() request: UpdateRoleRequest,
  ): Promise<RoleResponse> {
    return toRoleResponse(await this.roles.update(actor, id, request));
  }

  /** Delete a role that nobody holds */
  @Delete('roles/:id')
  @RequirePermission(AccessPermissions.manageRoles)
  @ApiAnswer(null)
  @ApiFailures(AccessErrors.noSuchRole, AccessErrors.builtInRole, AccessErrors.roleInUse)
  async deleteRole(@CurrentAuth() actor: AuthContext, @Param('id') id: string): Promise<void> {
    await this.roles.delete(actor, id);
  }

  /** Every permission that a role can list */
  @Get('permissions')
  @RequirePermission(AccessPermissions.readRoles)
  @ApiAnswer(PermissionsResponse)
  @ApiFailures(AccessErrors.noSuchApplication)
  async listPermissions(@Query() { application }: ListPermissionsQuery): Promise<PermissionsResponse> {
    const declared = application === undefined ? [] : await this.applications.listGrantable(application);
    return { items: [...declaredPermissions(), ...declared.map(toPermissionResponse)] };
  }
}
