import {
  Body,
  Controller,
  Delete,
  Get,
  HttpCode,
  Param,
  Patch,
  Post,
  Put,
  Query,
  UseInterceptors,
} from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { AccessErrors } from '../access/access.errors.js';
import { AccessPermissions } from '../access/access.permissions.js';
import { KeysErrors } from '../api-keys/keys.errors.js';
import { CodesErrors } from '../codes/codes.errors.js';
import { PlatformErrors } from '../platform/errors/platform-errors.js';
import { ApiAnswer, ApiFailures } from '../platform/http/api-answer.js';
import { ListLimitInterceptor } from '../platform/http/list-limiter.js';
import { ListOf, PageQuery, toListResponse, type ListResponse } from '../platform/http/list-query.js';
import { CurrentAuth, type AuthContext } from '../platform/security/auth-context.js';
import { PeopleOnly, RequirePermission } from '../platform/security/route-access.js';
import { EndedSessionsResponse, SessionResponse, toSessionResponse } from '../sessions/sessions.dto.js';
import { SessionsErrors } from '../sessions/sessions.errors.js';
import { SessionsPermissions } from '../sessions/sessions.permissions.js';
import { InvitationsService } from './invitations.service.js';
import { BatchResponse, UserBatchRequest } from './user-batch.dto.js';
import { UserBatchService } from './user-batch.service.js';
import { UserAdministrationService } from './user-administration.service.js';
import { UserSearch } from './user-search.js';
import {
  CreateUserRequest,
  ListUsersQuery,
  SetPasswordRequest,
  SetRolesRequest,
  toNewUser,
  toUserInput,
  toUserResponse,
  UpdateUserRequest,
  UserResponse,
} from './users.dto.js';
import { passwordRefusedExample, UsersErrors } from './users.errors.js';
import { UsersPermissions } from './users.permissions.js';
import { UsersService } from './users.service.js';

/** What every act on somebody else can meet. */
const ON_OTHERS = [UsersErrors.notFound, AccessErrors.exceedsOwn] as const;

@ApiTags('Users')
@Controller('users')
export class UsersController {
  constructor(
    private readonly users: UsersService,
    private readonly search: UserSearch,
    private readonly administration: UserAdministrationService,
    private readonly batches: UserBatchService,
    private readonly invitations: InvitationsService,
  ) {}

  /** List users, and search them by what their names begin with */
  @Get()
  @RequirePermission(UsersPermissions.read)
  @UseInterceptors(ListLimitInterceptor)
  @ApiAnswer(ListOf(UserResponse))
  async listUsers(
    @CurrentAuth() actor: AuthContext,
    @Query() query: ListUsersQuery,
  ): Promise<ListResponse<UserResponse>> {
    return toListResponse(query, await this.search.find(actor, query), toUserResponse);
  }

  /** Create a user, or invite one by mail; with `roles`, `roles:assign` is needed too */
  @Post()
  @RequirePermission(UsersPermissions.create)
  @ApiAnswer(UserResponse)
  @ApiFailures(
    UsersErrors.usernameTaken,
    UsersErrors.emailTaken,
    UsersErrors.phoneTaken,
    passwordRefusedExample('password'),
    AccessErrors.exceedsOwn,
    KeysErrors.notForServiceAccount,
    CodesErrors.mailNotSetUp,
  )
  async createUser(
    @CurrentAuth() actor: AuthContext,
    @Body() request: CreateUserRequest,
  ): Promise<UserResponse> {
    return toUserResponse(await this.users.create(actor, toNewUser(request)));
  }

  /** Enable, disable or delete many users, each on its own */
  @Post('batch')
  @HttpCode(200)
  @RequirePermission(UsersPermissions.update, UsersPermissions.delete)
  @ApiAnswer(BatchResponse)
  async runBatch(
    @CurrentAuth() actor: AuthContext,
    @Body() { action, ids }: UserBatchRequest,
  ): Promise<BatchResponse> {
    return { results: await this.batches.run(actor, action, ids) };
  }

  /** Read a user */
  @Get(':id')
  @RequirePermission(UsersPermissions.read)
  @ApiAnswer(UserResponse)
  @ApiFailures(UsersErrors.notFound)
  async getUser(@Param('id') id: string): Promise<UserResponse> {
    return toUserResponse(await this.users.get(id));
  }

  /** Change a user; an empty e-mail address or phone number clears it */
  @Patch(':id')
  @RequirePermission(UsersPermissions.update)
  @ApiAnswer(UserResponse)
  @ApiFailures(
    ...ON_OTHERS,
    UsersErrors.notOnYourself,
    UsersErrors.emailTaken,
    UsersErrors.phoneTaken,
    KeysErrors.notForServiceAccount,
  )
  async updateUser(
    @CurrentAuth() actor: AuthContext,
    @Param('id') id: string,
    @Body() request: UpdateUserRequest,
  ): Promise<UserResponse> {
    return toUserResponse(await this.administration.update(actor, id, toUserInput(request)));
  }

  /** Delete a user: its sessions end, its identifiers are free again */
  @Delete(':id')
  @RequirePermission(UsersPermissions.delete)
  @ApiAnswer(null)
  @ApiFailures(...ON_OTHERS, UsersErrors.lastAdministrator, UsersErrors.notOnYourself)
  async deleteUser(@CurrentAuth() actor: AuthContext, @Param('id') id: string): Promise<void> {
    await this.administration.delete(actor, id);
  }

  /** Disable a user and end its sessions */
  @Post(':id/disable')
  @HttpCode(200)
  @RequirePermission(UsersPermissions.update)
  @ApiAnswer(UserResponse)
  @ApiFailures(...ON_OTHERS, UsersErrors.lastAdministrator, UsersErrors.notOnYourself)
  async disableUser(@CurrentAuth() actor: AuthContext, @Param('id') id: string): Promise<UserResponse> {
    return toUserResponse(await this.administration.disable(actor, id));
  }

  /** Enable a user again */
  @Post(':id/enable')
  @HttpCode(200)
  @RequirePermission(UsersPermissions.update)
  @ApiAnswer(UserResponse)
  @ApiFailures(...ON_OTHERS)
  async enableUser(@CurrentAuth() actor: AuthContext, @Param('id') id: string): Promise<UserResponse> {
    return toUserResponse(await this.administration.enable(actor, id));
  }

  /** Set a user's password and end its sessions */
  @Post(':id/password')
  @HttpCode(200)
  @RequirePermission(UsersPermissions.setPassword)
  @PeopleOnly()
  @ApiAnswer(null)
  @ApiFailures(
    ...ON_OTHERS,
    UsersErrors.notOnYourself,
    passwordRefusedExample('new_password'),
    KeysErrors.notForServiceAccount,
  )
  async setUserPassword(
    @CurrentAuth() actor: AuthContext,
    @Param('id') id: string,
    @Body() { new_password, must_change_password: mustChange }: SetPasswordRequest,
  ): Promise<void> {
    await this.administration.setPassword(actor, id, new_password, { field: 'new_password', mustChange });
  }

  /**
   * Mail a user a link to set a password
   *
   * @remarks For the first time or again: a link that is younger than half of its life stays. At most 10 a day.
   */
  @Post(':id/invitation')
  @HttpCode(200)
  @RequirePermission(UsersPermissions.setPassword)
  @PeopleOnly()
  @ApiAnswer(null)
  @ApiFailures(
    ...ON_OTHERS,
    KeysErrors.notForServiceAccount,
    CodesErrors.mailNotSetUp,
    UsersErrors.noEmail,
    PlatformErrors.tooManyRequests,
  )
  async inviteUser(@CurrentAuth() actor: AuthContext, @Param('id') id: string): Promise<void> {
    await this.invitations.send(actor, id);
  }

  /** Give a user these roles and no other */
  @Put(':id/roles')
  @RequirePermission(AccessPermissions.assignRoles)
  @ApiAnswer(UserResponse)
  @ApiFailures(...ON_OTHERS, UsersErrors.lastAdministrator, KeysErrors.notForServiceAccount)
  async setUserRoles(
    @CurrentAuth() actor: AuthContext,
    @Param('id') id: string,
    @Body() { roles }: SetRolesRequest,
  ): Promise<UserResponse> {
    return toUserResponse(await this.administration.setRoles(actor, id, roles));
  }

  /** Where is a user signed in? */
  @Get(':id/sessions')
  @RequirePermission(SessionsPermissions.read)
  @UseInterceptors(ListLimitInterceptor)
  @ApiAnswer(ListOf(SessionResponse))
  @ApiFailures(UsersErrors.notFound)
  async listUserSessions(
    @CurrentAuth() { session }: AuthContext,
    @Param('id') id: string,
    @Query() query: PageQuery,
  ): Promise<ListResponse<SessionResponse>> {
    return toListResponse(query, await this.administration.listSessions(id, query), (one) =>
      toSessionResponse(one, session.id),
    );
  }

  /** End one session of a user */
  @Delete(':id/sessions/:session_id')
  @RequirePermission(SessionsPermissions.revoke)
  @ApiAnswer(null)
  @ApiFailures(...ON_OTHERS, SessionsErrors.noSuchSession)
  async endUserSession(
    @CurrentAuth() actor: AuthContext,
    @Param('id') id: string,
    @Param('session_id') sessionId: string,
  ): Promise<void> {
    await this.administration.endSession(actor, id, sessionId);
  }

  /** End all sessions of a user */
  @Delete(':id/sessions')
  @RequirePermission(SessionsPermissions.revoke)
  @ApiAnswer(EndedSessionsResponse)
  @ApiFailures(...ON_OTHERS)
  async endUserSessions(
    @CurrentAuth() actor: AuthContext,
    @Param('id') id: string,
  ): Promise<EndedSessionsResponse> {
    return { ended: await this.administration.endSessions(actor, id) };
  }
}
