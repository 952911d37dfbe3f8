import { Controller, Delete, Get, Param, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { ApiAnswer } from '../platform/http/api-answer.js';
import { ListOf, PageQuery, toListResponse, type ListResponse } from '../platform/http/list-query.js';
import { CurrentPrincipal, type Principal } from '../platform/security/principal.js';
import { RequirePermission } from '../platform/security/route-access.js';
import { EndedSessionsResponse, SessionResponse, toSessionResponse } from '../sessions/sessions.dto.js';
import { SessionsPermissions } from '../sessions/sessions.permissions.js';
import { UserSessionsService } from './user-sessions.service.js';

@ApiTags('Users')
@Controller('users/:id/sessions')
export class UserSessionsController {
  constructor(private readonly sessions: UserSessionsService) {}

  /** Where is a user signed in? */
  @Get()
  @RequirePermission(SessionsPermissions.read)
  @ApiAnswer(ListOf(SessionResponse))
  async listUserSessions(
    @CurrentPrincipal() { sessionId }: Principal,
    @Param('id') id: string,
    @Query() query: PageQuery,
  ): Promise<ListResponse<SessionResponse>> {
    return toListResponse(query, await this.sessions.list(id, query), (one) => toSessionResponse(one, sessionId));
  }

  /** End one session of a user */
  @Delete(':session_id')
  @RequirePermission(SessionsPermissions.revoke)
  @ApiAnswer(null)
  async endUserSession(
    @CurrentPrincipal() actor: Principal,
    @Param('id') id: string,
    @Param('session_id') sessionId: string,
  ): Promise<void> {
    await this.sessions.end(actor, id, sessionId);
  }

  /** End all sessions of a user */
  @Delete()
  @RequirePermission(SessionsPermissions.revoke)
  @ApiAnswer(EndedSessionsResponse)
  async endUserSessions(@CurrentPrincipal() actor: Principal, @Param('id') id: string): Promise<EndedSessionsResponse> {
    return { ended: await this.sessions.endAll(actor, id) };
  }
}
