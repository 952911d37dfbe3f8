import { Module } from '@nestjs/common';
import { HealthController } from './health.controller.js';
import { ManagementServer } from './management-server.js';
import { ReadinessService } from './readiness.service.js';

@Module({ controllers: [HealthController], providers: [ReadinessService, ManagementServer] })
export class HealthModule {}
