import { Body, Controller, Delete, Get, Param, Post, Query, UseInterceptors } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { AccessErrors } from '../access/access.errors.js';
import {
  CreateKeyRequest,
  KeyResponse,
  NewKeyResponse,
  RotateKeyRequest,
  toKeyResponse,
  toNewKeyResponse,
} from '../api-keys/keys.dto.js';
import { KeysErrors } from '../api-keys/keys.errors.js';
import { KeysPermissions } from '../api-keys/keys.permissions.js';
import { PlatformErrors } from '../platform/errors/platform-errors.js';
import { ApiAnswer, ApiFailures } from '../platform/http/api-answer.js';
import { ListLimitInterceptor } from '../platform/http/list-limiter.js';
import { ListOf, PageQuery, toListResponse, type ListResponse } from '../platform/http/list-query.js';
import { CurrentAuth, type AuthContext } from '../platform/security/auth-context.js';
import { Fresh, PeopleOnly, RequirePermission, SignedIn } from '../platform/security/route-access.js';
import { UserKeysService } from './user-keys.service.js';
import { UsersErrors } from './users.errors.js';

@ApiTags('Keys')
@Controller()
export class UserKeysController {
  constructor(private readonly keys: UserKeysService) {}

  /** List the keys of a user, live ones first */
  @Get('users/:id/keys')
  @RequirePermission(KeysPermissions.read)
  @PeopleOnly()
  @UseInterceptors(ListLimitInterceptor)
  @ApiAnswer(ListOf(KeyResponse))
  @ApiFailures(UsersErrors.notFound)
  async listUserKeys(@Param('id') id: string, @Query() query: PageQuery): Promise<ListResponse<KeyResponse>> {
    return toListResponse(query, await this.keys.list(id, query), toKeyResponse);
  }

  /**
   * Make a key for a service account
   *
   * @remarks The answer tells the secret, this once. A key does what its owner is permitted to do and its scopes name,
   * both as they are at each call. For a person only where `PERSONAL_KEYS` allows it.
   */
  @Post('users/:id/keys')
  @RequirePermission(KeysPermissions.manage)
  @Fresh()
  @ApiAnswer(NewKeyResponse)
  @ApiFailures(
    UsersErrors.notFound,
    AccessErrors.exceedsOwn,
    PlatformErrors.noSuchRoute,
    KeysErrors.ownerLacks,
    KeysErrors.tooManyKeys,
  )
  async createUserKey(
    @CurrentAuth() actor: AuthContext,
    @Param('id') id: string,
    @Body() request: CreateKeyRequest,
  ): Promise<NewKeyResponse> {
    return toNewKeyResponse(await this.keys.create(actor, id, request));
  }

  /**
   * Replace a key
   *
   * @remarks The successor has the same name, scopes and networks, and a full new life. The old key works until the
   * overlap is over. Of others' keys needs `keys:manage`.
   */
  @Post('keys/:id/rotate')
  @SignedIn()
  @Fresh()
  @ApiAnswer(NewKeyResponse)
  @ApiFailures(
    AccessErrors.notPermitted,
    AccessErrors.exceedsOwn,
    PlatformErrors.noSuchRoute,
    KeysErrors.noSuchKey,
    KeysErrors.ownerLacks,
    KeysErrors.tooManyKeys,
    KeysErrors.alreadyReplaced,
  )
  async rotateKey(
    @CurrentAuth() actor: AuthContext,
    @Param('id') id: string,
    @Body() request: RotateKeyRequest,
  ): Promise<NewKeyResponse> {
    return toNewKeyResponse(await this.keys.rotate(actor, id, request));
  }

  /**
   * Revoke a key, at once and everywhere
   *
   * @remarks Of others' keys needs `keys:manage`.
   */
  @Delete('keys/:id')
  @SignedIn()
  @Fresh()
  @ApiAnswer(null)
  @ApiFailures(AccessErrors.notPermitted, AccessErrors.exceedsOwn, KeysErrors.noSuchKey)
  async revokeKey(@CurrentAuth() actor: AuthContext, @Param('id') id: string): Promise<void> {
    await this.keys.revoke(actor, id);
  }

  /** List my keys, live ones first */
  @Get('me/keys')
  @SignedIn()
  @UseInterceptors(ListLimitInterceptor)
  @ApiAnswer(ListOf(KeyResponse))
  @ApiFailures(PlatformErrors.noSuchRoute)
  async listMyKeys(
    @CurrentAuth() { user }: AuthContext,
    @Query() query: PageQuery,
  ): Promise<ListResponse<KeyResponse>> {
    this.keys.requirePersonal();
    return toListResponse(query, await this.keys.list(user.id, query), toKeyResponse);
  }

  /**
   * Make a key for myself
   *
   * @remarks Only where `PERSONAL_KEYS` allows it.
   */
  @Post('me/keys')
  @SignedIn()
  @Fresh()
  @ApiAnswer(NewKeyResponse)
  @ApiFailures(
    PlatformErrors.noSuchRoute,
    AccessErrors.notPermitted,
    AccessErrors.exceedsOwn,
    KeysErrors.ownerLacks,
    KeysErrors.tooManyKeys,
  )
  async createMyKey(
    @CurrentAuth() actor: AuthContext,
    @Body() request: CreateKeyRequest,
  ): Promise<NewKeyResponse> {
    this.keys.requirePersonal();
    return toNewKeyResponse(await this.keys.create(actor, actor.user.id, request));
  }
}
