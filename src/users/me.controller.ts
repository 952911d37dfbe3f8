import { Body, Controller, Delete, Get, Param, Patch, Post, Query, UseInterceptors } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { AccessService } from '../access/access.service.js';
import { CredentialsErrors } from '../credentials/credentials.errors.js';
import { PlatformErrors } from '../platform/errors/platform-errors.js';
import { ApiAnswer } from '../platform/http/api-answer.js';
import { ApiFailures } from '../platform/http/api-failures.js';
import { ListLimitInterceptor } from '../platform/http/list-limit.interceptor.js';
import { ListOf, PageQuery, toListResponse, type ListResponse } from '../platform/http/list-query.js';
import { CurrentPrincipal, type Principal } from '../platform/security/principal.js';
import { SignedIn } from '../platform/security/route-access.js';
import { EndedSessionsResponse, SessionResponse, toSessionResponse } from '../sessions/sessions.dto.js';
import { SessionsErrors } from '../sessions/sessions.errors.js';
import { SessionsService } from '../sessions/sessions.service.js';
import type { Caller } from './callers.service.js';
import { ChangePasswordRequest, UpdateMeRequest } from './me.dto.js';
import { MeService } from './me.service.js';
import { PasswordChangeService } from './password-change.service.js';
import { MeResponse, toMeResponse, toUserResponse, UserResponse } from './users.dto.js';
import { UsersErrors } from './users.errors.js';

/** As an example in the documentation. */
const PASSWORD_REFUSED = UsersErrors.passwordRefused({
  violations: [{ field: 'new_password', rule: 'password_common' }],
});

@ApiTags('Me')
@Controller('me')
export class MeController {
  constructor(
    private readonly access: AccessService,
    private readonly me: MeService,
    private readonly passwords: PasswordChangeService,
    private readonly sessions: SessionsService,
  ) {}

  /** Who am I, and what may I do? */
  @Get()
  @SignedIn()
  @ApiAnswer(MeResponse)
  async getMe(@CurrentPrincipal() caller: Caller): Promise<MeResponse> {
    return toMeResponse(caller, await this.access.permissionsWith(caller.roles, caller.userId));
  }

  /** Change my name */
  @Patch()
  @SignedIn()
  @ApiAnswer(UserResponse)
  async updateMe(
    @CurrentPrincipal() principal: Principal,
    @Body() { full_name }: UpdateMeRequest,
  ): Promise<UserResponse> {
    return toUserResponse(await this.me.update(principal, { fullName: full_name }));
  }

  /**
   * Change my password
   *
   * @remarks Ends every other session. After too many wrong current passwords, wait for the seconds of `Retry-After`;
   * signing in is not affected.
   */
  @Post('password')
  @SignedIn()
  @ApiAnswer(null)
  @ApiFailures(PASSWORD_REFUSED, PlatformErrors.tooManyRequests, CredentialsErrors.wrongCurrentPassword)
  async changePassword(
    @CurrentPrincipal() principal: Principal,
    @Body() { current_password, new_password }: ChangePasswordRequest,
  ): Promise<void> {
    await this.passwords.change(principal, { currentPassword: current_password, newPassword: new_password });
  }

  /** Where am I signed in? */
  @Get('sessions')
  @SignedIn()
  @UseInterceptors(ListLimitInterceptor)
  @ApiAnswer(ListOf(SessionResponse))
  async listMySessions(
    @CurrentPrincipal() { userId, sessionId }: Principal,
    @Query() query: PageQuery,
  ): Promise<ListResponse<SessionResponse>> {
    const slice = await this.sessions.list(userId, query);
    return toListResponse(query, slice, (session) => toSessionResponse(session, sessionId));
  }

  /** End one of my sessions */
  @Delete('sessions/:id')
  @SignedIn()
  @ApiAnswer(null)
  @ApiFailures(SessionsErrors.noSuchSession)
  async endMySession(@CurrentPrincipal() principal: Principal, @Param('id') id: string): Promise<void> {
    await this.sessions.revoke(id, principal.userId, principal);
  }

  /** End all my sessions but this one */
  @Delete('sessions')
  @SignedIn()
  @ApiAnswer(EndedSessionsResponse)
  async endMyOtherSessions(@CurrentPrincipal() principal: Principal): Promise<EndedSessionsResponse> {
    return { ended: await this.sessions.revokeAll(principal.userId, principal, principal.sessionId) };
  }
}
