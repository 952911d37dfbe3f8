import {
  Body,
  Controller,
  Delete,
  Get,
  HttpCode,
  Param,
  Patch,
  Post,
  Query,
  UseInterceptors,
} from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { AccessService } from '../access/access.service.js';
import { CredentialsErrors } from '../credentials/credentials.errors.js';
import { PlatformErrors } from '../platform/errors/platform-errors.js';
import { ApiAnswer, ApiFailures } from '../platform/http/api-answer.js';
import { ListLimitInterceptor } from '../platform/http/list-limiter.js';
import { ListOf, PageQuery, toListResponse, type ListResponse } from '../platform/http/list-query.js';
import { CurrentAuth, type AuthContext } from '../platform/security/auth-context.js';
import { Fresh, SignedIn } from '../platform/security/route-access.js';
import { EndedSessionsResponse, SessionResponse, toSessionResponse } from '../sessions/sessions.dto.js';
import { SessionsErrors } from '../sessions/sessions.errors.js';
import { SessionsService } from '../sessions/sessions.service.js';
import type { User } from '../users/user.entity.js';
import { toUserResponse, UserResponse } from '../users/users.dto.js';
import { passwordRefusedExample, UsersErrors } from '../users/users.errors.js';
import { ChangePasswordRequest, MeResponse, toMeResponse, UpdateMeRequest } from './account.dto.js';
import { AccountErrors } from './account.errors.js';
import { AccountService } from './account.service.js';

@ApiTags('Me')
@Controller('me')
export class AccountController {
  constructor(
    private readonly access: AccessService,
    private readonly account: AccountService,
    private readonly sessions: SessionsService,
  ) {}

  /** Who am I, and what may I do? */
  @Get()
  @SignedIn({ alsoKeys: true })
  @ApiAnswer(MeResponse)
  async getMe(@CurrentAuth() auth: AuthContext<User>): Promise<MeResponse> {
    return toMeResponse(auth, await this.access.ownPermissions(auth));
  }

  /** Change my name or the language of mails to me */
  @Patch()
  @SignedIn()
  @ApiAnswer(UserResponse)
  async updateMe(@CurrentAuth() auth: AuthContext, @Body() request: UpdateMeRequest): Promise<UserResponse> {
    return toUserResponse(await this.account.update(auth, request));
  }

  /**
   * Delete my account
   *
   * @remarks With all that is known of me but the audit record; it cannot be taken back. Only where `SELF_DELETION` allows
   * it, and in a fresh session.
   */
  @Delete()
  @SignedIn()
  @Fresh()
  @ApiAnswer(null)
  @ApiFailures(AccountErrors.deletionOff, UsersErrors.lastAdministrator)
  async deleteMe(@CurrentAuth() auth: AuthContext): Promise<void> {
    await this.account.delete(auth);
  }

  /**
   * Change my password
   *
   * @remarks Ends every other session. After too many wrong current passwords, wait for the seconds of `Retry-After`;
   * signing in is not affected.
   */
  @Post('password')
  @HttpCode(200)
  @SignedIn()
  @ApiAnswer(null)
  @ApiFailures(
    passwordRefusedExample('new_password'),
    PlatformErrors.tooManyRequests,
    CredentialsErrors.wrongCurrentPassword,
  )
  async changePassword(
    @CurrentAuth() auth: AuthContext,
    @Body() request: ChangePasswordRequest,
  ): Promise<void> {
    await this.account.changePassword(auth, request);
  }

  /** Where am I signed in? */
  @Get('sessions')
  @SignedIn()
  @UseInterceptors(ListLimitInterceptor)
  @ApiAnswer(ListOf(SessionResponse))
  async listMySessions(
    @CurrentAuth() { user, session }: AuthContext,
    @Query() query: PageQuery,
  ): Promise<ListResponse<SessionResponse>> {
    const slice = await this.sessions.list(user.id, query);
    return toListResponse(query, slice, (one) => toSessionResponse(one, session.id));
  }

  /** End one of my sessions */
  @Delete('sessions/:id')
  @SignedIn()
  @ApiAnswer(null)
  @ApiFailures(SessionsErrors.noSuchSession)
  async endMySession(@CurrentAuth() auth: AuthContext, @Param('id') id: string): Promise<void> {
    await this.sessions.revoke(id, auth.user.id, auth);
  }

  /** End all my sessions but this one */
  @Delete('sessions')
  @SignedIn()
  @ApiAnswer(EndedSessionsResponse)
  async endMyOtherSessions(@CurrentAuth() auth: AuthContext): Promise<EndedSessionsResponse> {
    return { ended: await this.sessions.revokeAll(auth.user.id, auth, auth.session.id) };
  }
}
