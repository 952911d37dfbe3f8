import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { AccessErrors } from '../access/access.errors.js';
import { AccessPermissions } from '../access/access.permissions.js';
import { ApiAnswer, ApiFailures } from '../platform/http/api-answer.js';
import { CurrentAuth, type AuthContext } from '../platform/security/auth-context.js';
import { RequireAllPermissions, RequirePermission, SignedIn } from '../platform/security/route-access.js';
import { UsersErrors } from '../users/users.errors.js';
import { UsersPermissions } from '../users/users.permissions.js';
import { AuthPermissions } from './auth.permissions.js';
import {
  CheckRequest,
  CheckResponse,
  HeldPermissionsResponse,
  MyPermissionsResponse,
  PermissionsOfQuery,
} from './authz.dto.js';
import { AuthzService } from './authz.service.js';

@ApiTags('Services')
@Controller()
export class AuthzController {
  constructor(private readonly authz: AuthzService) {}

  /**
   * May they do this?
   *
   * @remarks For a user, or for whoever holds a token. An unknown user or permission is answered as not allowed, with the
   * reason, so that one of a hundred checks does not spoil the others.
   */
  @Post('authz/check')
  @HttpCode(200)
  @RequirePermission(AuthPermissions.check)
  @ApiAnswer(CheckResponse)
  async checkPermissions(@Body() request: CheckRequest): Promise<CheckResponse> {
    return { results: await this.authz.check(request) };
  }

  /** What may I do in an application? */
  @Get('me/permissions')
  @SignedIn({ alsoKeys: true })
  @ApiAnswer(MyPermissionsResponse)
  @ApiFailures(AccessErrors.noSuchApplication)
  async listMyPermissions(
    @CurrentAuth() auth: AuthContext,
    @Query() { application }: PermissionsOfQuery,
  ): Promise<MyPermissionsResponse> {
    return { items: await this.authz.permissionsOf(auth, application) };
  }

  /** What may a user do, and by which roles? */
  @Get('users/:id/permissions')
  @RequireAllPermissions(UsersPermissions.read, AccessPermissions.readRoles)
  @ApiAnswer(HeldPermissionsResponse)
  @ApiFailures(UsersErrors.notFound, AccessErrors.noSuchApplication)
  async listUserPermissions(
    @Param('id') id: string,
    @Query() { application }: PermissionsOfQuery,
  ): Promise<HeldPermissionsResponse> {
    return { items: await this.authz.explain(id, application) };
  }
}
