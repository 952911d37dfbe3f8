import { Module } from '@nestjs/common';
import { KnownAddressesRepository } from './known-addresses.repository.js';
import { SessionUse } from './session-use.js';
import { SessionsRepository } from './sessions.repository.js';
import { SessionsService } from './sessions.service.js';
import { SessionsSweep } from './sessions.sweep.js';

@Module({
  providers: [SessionsRepository, KnownAddressesRepository, SessionUse, SessionsService, SessionsSweep],
  exports: [SessionsService],
})
export class SessionsModule {}
