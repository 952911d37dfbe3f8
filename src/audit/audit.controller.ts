import { Controller, Get, Query, UseInterceptors } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { ApiAnswer } from '../platform/http/api-answer.js';
import { ListLimitInterceptor } from '../platform/http/list-limiter.js';
import { RequirePermission } from '../platform/security/route-access.js';
import { AuditEventListResponse, ListAuditEventsQuery, toAuditEventListResponse } from './audit.dto.js';
import { AuditPermissions } from './audit.permissions.js';
import { AuditService } from './audit.service.js';

@ApiTags('Audit')
@Controller('audit-events')
export class AuditController {
  constructor(private readonly audit: AuditService) {}

  /**
   * Who did what, newest first
   *
   * @remarks A page with two or more of `actor_id`, `target_id`, `action` and `outcome` looks through a bounded number of
   * events. So it may hold fewer than `limit`, even none, and still have a `next_cursor`: go on until that is null.
   */
  @Get()
  @RequirePermission(AuditPermissions.read)
  @UseInterceptors(ListLimitInterceptor)
  @ApiAnswer(AuditEventListResponse)
  async listAuditEvents(@Query() query: ListAuditEventsQuery): Promise<AuditEventListResponse> {
    return toAuditEventListResponse(await this.audit.list(query));
  }
}
