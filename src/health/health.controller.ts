import { Controller, Get, Res } from '@nestjs/common';
import { ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Unmeasured } from '../platform/http/request-record.js';
import { OutsideEnvelope } from '../platform/http/envelope.interceptor.js';
import { Public } from '../platform/security/route-access.js';
import { LiveResponse, ReadyResponse } from './health.dto.js';
import { ReadinessService } from './readiness.service.js';

const NOT_READY: ReadyResponse = {
  status: 'unavailable',
  database: 'down',
  schema: 'unknown',
  draining: false,
};

@ApiTags('System')
@Controller('health')
export class HealthController {
  constructor(private readonly readiness: ReadinessService) {}

  /**
   * Is the process alive?
   *
   * @remarks Asks nothing but the process itself.
   */
  @Get('live')
  @Public()
  @OutsideEnvelope()
  @Unmeasured()
  @ApiResponse({ status: 200, type: LiveResponse })
  getLive(): LiveResponse {
    return { status: 'ok' };
  }

  /**
   * Can this process serve requests?
   *
   * @remarks It can while the database answers, its schema is what this version needs, and it is not shutting down.
   */
  @Get('ready')
  @Public()
  @OutsideEnvelope()
  @Unmeasured()
  @ApiResponse({ status: 200, type: ReadyResponse, description: 'Yes' })
  @ApiResponse({ status: 503, type: ReadyResponse, description: 'No, or not yet', example: NOT_READY })
  async getReady(@Res({ passthrough: true }) reply: FastifyReply): Promise<ReadyResponse> {
    return this.readiness.answer(reply);
  }
}
