import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AccessModule } from '../access/access.module.js';
import { CredentialsModule } from '../credentials/credentials.module.js';
import { SessionsModule } from '../sessions/sessions.module.js';
import { ThrottlingModule } from '../throttling/throttling.module.js';
import { CallersService } from './callers.service.js';
import { MeController } from './me.controller.js';
import { MeService } from './me.service.js';
import { PasswordChangeService } from './password-change.service.js';
import { UserAuthority } from './user-authority.js';
import { UserBatchService } from './user-batch.service.js';
import { UserChangesService } from './user-changes.service.js';
import { UserDirectoryService } from './user-directory.service.js';
import { UserLifeService } from './user-life.service.js';
import { UserPasswordService } from './user-password.service.js';
import { UserSearch } from './user-search.js';
import { UserSessionsController } from './user-sessions.controller.js';
import { UserSessionsService } from './user-sessions.service.js';
import { UsersController } from './users.controller.js';
import { UsersRepository } from './users.repository.js';
import { UsersService } from './users.service.js';
import { User } from './user.entity.js';

@Module({
  imports: [
    TypeOrmModule.forFeature([User]),
    AccessModule,
    CredentialsModule,
    SessionsModule,
    ThrottlingModule,
  ],
  controllers: [UsersController, UserSessionsController, MeController],
  providers: [
    UsersRepository,
    UsersService,
    CallersService,
    MeService,
    PasswordChangeService,
    UserAuthority,
    UserBatchService,
    UserChangesService,
    UserDirectoryService,
    UserLifeService,
    UserPasswordService,
    UserSearch,
    UserSessionsService,
  ],
  exports: [UsersService, CallersService, UserPasswordService],
})
export class UsersModule {}
