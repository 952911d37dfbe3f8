import { Controller, Delete, Get, Param, Query, UseInterceptors } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { AccessErrors } from '../access/access.errors.js';
import { ApiAnswer } from '../platform/http/api-answer.js';
import { ApiFailures } from '../platform/http/api-failures.js';
import { ListLimitInterceptor } from '../platform/http/list-limit.interceptor.js';
import { ListOf, PageQuery, toListResponse, type ListResponse } from '../platform/http/list-query.js';
import { CurrentAuth, type AuthContext } from '../platform/security/auth-context.js';
import { RequirePermission } from '../platform/security/route-access.js';
import { EndedSessionsResponse, SessionResponse, toSessionResponse } from '../sessions/sessions.dto.js';
import { SessionsErrors } from '../sessions/sessions.errors.js';
import { SessionsPermissions } from '../sessions/sessions.permissions.js';
import { UserAdministrationService } from './user-administration.service.js';
import { UsersErrors } from './users.errors.js';

@ApiTags('Users')
@Controller('users/:id/sessions')
export class UserSessionsController {
  constructor(private readonly administration: UserAdministrationService) {}

  /** Where is a user signed in? */
  @Get()
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
  @Delete(':session_id')
  @RequirePermission(SessionsPermissions.revoke)
  @ApiAnswer(null)
  @ApiFailures(UsersErrors.notFound, AccessErrors.exceedsOwn, SessionsErrors.noSuchSession)
  async endUserSession(
    @CurrentAuth() actor: AuthContext,
    @Param('id') id: string,
    @Param('session_id') sessionId: string,
  ): Promise<void> {
    await this.administration.endSession(actor, id, sessionId);
  }

  /** End all sessions of a user */
  @Delete()
  @RequirePermission(SessionsPermissions.revoke)
  @ApiAnswer(EndedSessionsResponse)
  @ApiFailures(UsersErrors.notFound, AccessErrors.exceedsOwn)
  async endUserSessions(
    @CurrentAuth() actor: AuthContext,
    @Param('id') id: string,
  ): Promise<EndedSessionsResponse> {
    return { ended: await this.administration.endSessions(actor, id) };
  }
}
