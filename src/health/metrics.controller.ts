import { Controller, Get, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Unmeasured } from '../platform/http/request-record.js';
import { OutsideEnvelope } from '../platform/http/envelope.interceptor.js';
import { Metrics } from '../platform/metrics/metrics.js';
import { Public } from '../platform/security/route-access.js';

/** Metrics beside the API, in a trial. In production they stand on the management port alone. */
@ApiExcludeController()
@Controller('metrics')
export class MetricsController {
  constructor(private readonly metrics: Metrics) {}

  @Get()
  @Public()
  @OutsideEnvelope()
  @Unmeasured()
  async getMetrics(@Res({ passthrough: true }) reply: FastifyReply): Promise<string> {
    const { type, text } = await this.metrics.render();
    reply.type(type);
    return text;
  }
}
