import { Body, Controller, Delete, Get, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { AccessService } from '../access/access.service.js';
import { ApiAnswer } from '../platform/http/api-answer.js';
import { ListOf, PageQuery, toListResponse, type ListResponse } from '../platform/http/list-query.js';
import { CurrentPrincipal, type Principal } from '../platform/security/principal.js';
import { SignedIn } from '../platform/security/route-access.js';
import { EndedSessionsResponse, SessionResponse, toSessionResponse } from '../sessions/sessions.dto.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { ChangePasswordRequest, UpdateMeRequest } from './me.dto.js';
import { MeService } from './me.service.js';
import { PasswordChangeService } from './password-change.service.js';
import { MeResponse, toMeResponse, toUserResponse, UserResponse } from './users.dto.js';
import { UsersService } from './users.service.js';

@ApiTags('Me')
@Controller('me')
export class MeController {
  constructor(
    private readonly users: UsersService,
    private readonly access: AccessService,
    private readonly me: MeService,
    private readonly passwords: PasswordChangeService,
    private readonly sessions: SessionsService,
  ) {}

  /** Who am I, and what may I do? */
  @Get()
  @SignedIn()
  @ApiAnswer(MeResponse)
  async getMe(@CurrentPrincipal() { userId }: Principal): Promise<MeResponse> {
    return toMeResponse(await this.users.get(userId), await this.access.permissionsOf(userId));
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

  /** Change my password, and end my other sessions */
  @Post('password')
  @SignedIn()
  @ApiAnswer(null)
  async changePassword(
    @CurrentPrincipal() principal: Principal,
    @Body() { current_password, new_password }: ChangePasswordRequest,
  ): Promise<void> {
    await this.passwords.change(principal, { currentPassword: current_password, newPassword: new_password });
  }

  /** Where am I signed in? */
  @Get('sessions')
  @SignedIn()
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
