import { Controller, Get, Query, UseInterceptors } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { ApiAnswer, ApiFailures } from '../platform/http/api-answer.js';
import { ListLimitInterceptor } from '../platform/http/list-limiter.js';
import { RequirePermission } from '../platform/security/route-access.js';
import {
  AuditEventListResponse,
  ListAuditEventsQuery,
  toAuditEventListResponse,
  toAuditFeedResponse,
} from './audit.dto.js';
import { AuditErrors } from './audit.errors.js';
import { AuditPermissions } from './audit.permissions.js';
import { AuditService } from './audit.service.js';

@ApiTags('Audit')
@Controller('audit-events')
export class AuditController {
  constructor(private readonly audit: AuditService) {}

  /**
   * Who did what, newest first, or in the order of the record
   *
   * @remarks A page with two or more filters, or with `session_id` or `request_id`, looks through a bounded number of
   * events. So it may hold fewer than `limit`, even none, and still have a `next_cursor`: go on until that is null.
   *
   * With `after` the record comes in its order, oldest first, and `next` is the `after` of the next call. A reader who goes
   * on like this sees each event once, and none is missing. 410: some are gone, by their age or because the database is an
   * older backup; begin anew behind the newest one.
   */
  @Get()
  @RequirePermission(AuditPermissions.read)
  @UseInterceptors(ListLimitInterceptor)
  @ApiAnswer(AuditEventListResponse)
  @ApiFailures(AuditErrors.eventsRemoved)
  async listAuditEvents(@Query() query: ListAuditEventsQuery): Promise<AuditEventListResponse> {
    const { after, ...filters } = query;
    if (after !== undefined) return toAuditFeedResponse(await this.audit.readAfter(after, filters));
    return toAuditEventListResponse(await this.audit.list(filters));
  }
}
