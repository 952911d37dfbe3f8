import { Body, Controller, Get, HttpCode, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { AccessErrors } from '../access/access.errors.js';
import { AuditErrors } from '../audit/audit.errors.js';
import { ApiAnswer, ApiFailures } from '../platform/http/api-answer.js';
import { ClientGone } from '../platform/http/client-gone.js';
import { Unmeasured } from '../platform/http/request-record.js';
import { RequirePermission } from '../platform/security/route-access.js';
import { SECOND } from '../platform/time/clock.js';
import { AuthPermissions } from './auth.permissions.js';
import { ChangesResponse, ListChangesQuery, toChangesResponse } from './changes.dto.js';
import { ChangesService } from './changes.service.js';
import { IntrospectionResponse, IntrospectRequest } from './introspection.dto.js';
import { IntrospectionService } from './introspection.service.js';

@ApiTags('Services')
@Controller('tokens')
export class IntrospectionController {
  constructor(
    private readonly introspection: IntrospectionService,
    private readonly changes: ChangesService,
  ) {}

  /**
   * What is this token good for, now?
   *
   * @remarks `data` has the members of RFC 7662. Whatever is no live access token or key, for whatever reason, is answered
   * `{"active": false}`.
   */
  @Post('introspect')
  @HttpCode(200)
  @RequirePermission(AuthPermissions.introspect)
  @ApiAnswer(IntrospectionResponse)
  @ApiFailures(AccessErrors.noSuchApplication)
  async introspectToken(@Body() request: IntrospectRequest): Promise<IntrospectionResponse> {
    return this.introspection.introspect(request);
  }

  /**
   * What has ended or changed?
   *
   * @remarks For services that verify tokens themselves: which sessions and keys ended, and whose permissions may have
   * changed. Go on from `next`; each change comes once, in one order, within two seconds. 410: begin again without `after`.
   */
  @Get('changes')
  @Unmeasured()
  @RequirePermission(AuthPermissions.introspect)
  @ApiAnswer(ChangesResponse)
  @ApiFailures(AuditErrors.eventsRemoved)
  async listChanges(
    @Query() { after, wait }: ListChangesQuery,
    @ClientGone() gone: AbortSignal,
  ): Promise<ChangesResponse> {
    return toChangesResponse(await this.changes.after(after, wait * SECOND, gone));
  }
}
