import { Module } from '@nestjs/common';
import { AccessModule } from '../access/access.module.js';
import { CodesModule } from '../codes/codes.module.js';
import { CredentialsModule } from '../credentials/credentials.module.js';
import { FactorsModule } from '../factors/factors.module.js';
import { SessionsModule } from '../sessions/sessions.module.js';
import { ThrottlingModule } from '../throttling/throttling.module.js';
import { UsersModule } from '../users/users.module.js';
import { AccountController } from './account.controller.js';
import { AccountService } from './account.service.js';
import { EmailChangeController } from './email-change.controller.js';
import { EmailChangeService } from './email-change.service.js';
import { ExportController } from './export.controller.js';
import { ExportService } from './export.service.js';
import { FactorsController } from './factors.controller.js';
import { FactorsService } from './factors.service.js';
import { PasskeysController } from './passkeys.controller.js';
import { PasskeysService } from './passkeys.service.js';
import { PasswordResetController } from './password-reset.controller.js';
import { PasswordResetService } from './password-reset.service.js';
import { SignUpController } from './sign-up.controller.js';
import { SignUpService } from './sign-up.service.js';

@Module({
  imports: [
    AccessModule,
    CodesModule,
    CredentialsModule,
    FactorsModule,
    SessionsModule,
    ThrottlingModule,
    UsersModule,
  ],
  controllers: [
    AccountController,
    EmailChangeController,
    ExportController,
    FactorsController,
    PasskeysController,
    PasswordResetController,
    SignUpController,
  ],
  providers: [
    AccountService,
    EmailChangeService,
    ExportService,
    FactorsService,
    PasskeysService,
    PasswordResetService,
    SignUpService,
  ],
})
export class AccountModule {}
