import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { SessionsModule } from '../sessions/sessions.module.js';
import { ApiKey } from './api-key.entity.js';
import { KeysExpiry } from './keys.expiry.js';
import { KeysService } from './keys.service.js';

@Module({
  imports: [TypeOrmModule.forFeature([ApiKey]), SessionsModule],
  providers: [KeysService, KeysExpiry],
  exports: [KeysService],
})
export class KeysModule {}
