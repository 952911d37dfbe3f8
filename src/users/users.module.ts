import { Module } from '@nestjs/common';
import { AccessModule } from '../access/access.module.js';
import { CredentialsModule } from '../credentials/credentials.module.js';
import { SessionsModule } from '../sessions/sessions.module.js';
import { ThrottlingModule } from '../throttling/throttling.module.js';
import { MeController } from './me.controller.js';
import { MeService } from './me.service.js';
import { PasswordChangeService } from './password-change.service.js';
import { UsersController } from './users.controller.js';
import { UsersRepository } from './users.repository.js';
import { UsersService } from './users.service.js';

@Module({
  imports: [AccessModule, CredentialsModule, SessionsModule, ThrottlingModule],
  controllers: [UsersController, MeController],
  providers: [UsersRepository, UsersService, MeService, PasswordChangeService],
  exports: [UsersService],
})
export class UsersModule {}
