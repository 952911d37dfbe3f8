import { Controller, Get, Query, UseInterceptors } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { ApiAnswer } from '../platform/http/api-answer.js';
import { ListLimitInterceptor } from '../platform/http/list-limit.interceptor.js';
import { RequirePermission } from '../platform/security/route-access.js';
import { AuditEventListResponse, ListAuditEventsQuery, toAuditEventListResponse } from './audit.dto.js';
import { AuditPermissions } from './audit.permissions.js';
import { AuditService } from './audit.service.js';

@ApiTags('Audit')
@Controller('audit-events')
export class AuditController {
  constructor(private readonly audit: AuditService) {}

  /** Who did what, newest first */
  @Get()
  @RequirePermission(AuditPermissions.read)
  @UseInterceptors(ListLimitInterceptor)
  @ApiAnswer(AuditEventListResponse)
  async listAuditEvents(@Query() query: ListAuditEventsQuery): Promise<AuditEventListResponse> {
    return toAuditEventListResponse(await this.audit.list(query));
  }
}
