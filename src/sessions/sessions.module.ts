import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { SessionUse } from './session-use.js';
import { SessionsService } from './sessions.service.js';
import { SessionsSweep } from './sessions.sweep.js';
import { KnownAddress } from './known-address.entity.js';
import { Session } from './session.entity.js';

@Module({
  imports: [TypeOrmModule.forFeature([Session, KnownAddress])],
  providers: [SessionUse, SessionsService, SessionsSweep],
  exports: [SessionsService],
})
export class SessionsModule {}
