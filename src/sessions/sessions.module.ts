import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { KeySessions } from './key-sessions.service.js';
import { SessionUse } from './session-use.js';
import { SessionsService } from './sessions.service.js';
import { SessionsSweep } from './sessions.sweep.js';
import { KnownAddress } from './known-address.entity.js';
import { Session } from './session.entity.js';

@Module({
  imports: [TypeOrmModule.forFeature([Session, KnownAddress])],
  providers: [SessionUse, SessionsService, KeySessions, SessionsSweep],
  exports: [SessionsService, KeySessions],
})
export class SessionsModule {}
