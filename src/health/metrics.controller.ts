import { Controller, Get, Res } from '@nestjs/common';
import { ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { PlatformErrors } from '../platform/errors/platform-errors.js';
import { ApiFailures } from '../platform/http/api-answer.js';
import { Unmeasured } from '../platform/http/request-record.js';
import { OutsideEnvelope } from '../platform/http/envelope.interceptor.js';
import { Metrics } from '../platform/metrics/metrics.js';
import { Public } from '../platform/security/route-access.js';

/** Metrics beside the API, in a trial. In production they stand on the management port alone. */
@ApiTags('System')
@ApiFailures(PlatformErrors.noSuchRoute)
@Controller('metrics')
export class MetricsController {
  constructor(private readonly metrics: Metrics) {}

  /**
   * Measurements, for Prometheus
   *
   * @remarks In a trial; in production they stand on `MANAGEMENT_PORT` alone.
   */
  @Get()
  @Public()
  @OutsideEnvelope()
  @Unmeasured()
  @ApiResponse({
    status: 200,
    description: 'Prometheus text format',
    content: { 'text/plain': { schema: { type: 'string' } } },
  })
  async getMetrics(@Res({ passthrough: true }) reply: FastifyReply): Promise<string> {
    const { type, text } = await this.metrics.render();
    reply.type(type);
    return text;
  }
}
