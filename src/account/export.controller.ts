import { Controller, Get, UseInterceptors } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { ApiAnswer } from '../platform/http/api-answer.js';
import { ListLimitInterceptor } from '../platform/http/list-limiter.js';
import { CurrentAuth, type AuthContext } from '../platform/security/auth-context.js';
import { Fresh, SignedIn } from '../platform/security/route-access.js';
import { ExportResponse, toExportResponse } from './export.dto.js';
import { ExportService } from './export.service.js';

@ApiTags('Me')
@Controller('me/export')
export class ExportController {
  constructor(private readonly exports: ExportService) {}

  /**
   * All that is known of me
   *
   * @remarks In a fresh session. What others did to me is told without anything that leads to them.
   */
  @Get()
  @SignedIn()
  @Fresh()
  @UseInterceptors(ListLimitInterceptor)
  @ApiAnswer(ExportResponse)
  async exportMe(@CurrentAuth() auth: AuthContext): Promise<ExportResponse> {
    return toExportResponse(await this.exports.export(auth), auth.session.id);
  }
}
