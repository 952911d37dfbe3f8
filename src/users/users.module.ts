import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AccessModule } from '../access/access.module.js';
import { KeysModule } from '../api-keys/keys.module.js';
import { CodesModule } from '../codes/codes.module.js';
import { CredentialsModule } from '../credentials/credentials.module.js';
import { FactorsModule } from '../factors/factors.module.js';
import { OutboxModule } from '../outbox/outbox.module.js';
import { SessionsModule } from '../sessions/sessions.module.js';
import { ThrottlingModule } from '../throttling/throttling.module.js';
import { AccountsService } from './accounts.service.js';
import { FactorAdministration } from './factor-administration.service.js';
import { FactorChanges } from './factor-changes.service.js';
import { FactorPolicy } from './factor-policy.js';
import { InvitationsService } from './invitations.service.js';
import { Notices } from './notices.service.js';
import { PasswordChanges } from './password-changes.service.js';
import { UserAdministrationService } from './user-administration.service.js';
import { UserBatchService } from './user-batch.service.js';
import { UserFactorsController } from './user-factors.controller.js';
import { UserKeysController } from './user-keys.controller.js';
import { UserKeysService } from './user-keys.service.js';
import { UserSearchTerm } from './user-search-term.entity.js';
import { UserSearchTermsRepository } from './user-search-terms.repository.js';
import { UserSearch } from './user-search.js';
import { User } from './user.entity.js';
import { UsersController } from './users.controller.js';
import { UsersRepository } from './users.repository.js';
import { UsersService } from './users.service.js';

@Module({
  imports: [
    TypeOrmModule.forFeature([User, UserSearchTerm]),
    AccessModule,
    CodesModule,
    CredentialsModule,
    FactorsModule,
    KeysModule,
    OutboxModule,
    SessionsModule,
    ThrottlingModule,
  ],
  controllers: [UsersController, UserFactorsController, UserKeysController],
  providers: [
    AccountsService,
    FactorAdministration,
    FactorChanges,
    FactorPolicy,
    InvitationsService,
    Notices,
    PasswordChanges,
    UsersRepository,
    UsersService,
    UserAdministrationService,
    UserBatchService,
    UserKeysService,
    UserSearch,
    UserSearchTermsRepository,
  ],
  exports: [
    AccountsService,
    FactorAdministration,
    FactorChanges,
    FactorPolicy,
    Notices,
    PasswordChanges,
    UsersService,
    UserAdministrationService,
  ],
})
export class UsersModule {}
