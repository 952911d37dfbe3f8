import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { CodesErrors } from '../codes/codes.errors.js';
import { PlatformErrors } from '../platform/errors/platform-errors.js';
import { ApiAnswer, ApiFailures } from '../platform/http/api-answer.js';
import { CurrentAuth, type AuthContext } from '../platform/security/auth-context.js';
import { Fresh, SignedIn } from '../platform/security/route-access.js';
import type { User } from '../users/user.entity.js';
import { toUserResponse, UserResponse } from '../users/users.dto.js';
import { UsersErrors } from '../users/users.errors.js';
import { ChangeEmailRequest, ConfirmEmailRequest } from './email-change.dto.js';
import { EmailChangeService } from './email-change.service.js';

@ApiTags('Me')
@Controller('me/email')
export class EmailChangeController {
  constructor(private readonly emails: EmailChangeService) {}

  /**
   * Change or prove my e-mail address, first step
   *
   * @remarks Mails a code to the address, which stays without effect until it is confirmed. An address of somebody else
   * gets a mail that says so, and the answer is alike.
   */
  @Post()
  @HttpCode(200)
  @SignedIn()
  @Fresh()
  @ApiAnswer(null)
  @ApiFailures(CodesErrors.mailNotSetUp, PlatformErrors.tooManyRequests)
  async requestEmailCode(
    @CurrentAuth() auth: AuthContext<User>,
    @Body() { email }: ChangeEmailRequest,
  ): Promise<void> {
    await this.emails.request(auth, email);
  }

  /**
   * Change or prove my e-mail address, second step
   *
   * @remarks A new address ends every other session, and the old address is told.
   */
  @Post('confirm')
  @HttpCode(200)
  @SignedIn()
  @ApiAnswer(UserResponse)
  @ApiFailures(PlatformErrors.tooManyRequests, CodesErrors.notValid, UsersErrors.emailTaken)
  async confirmEmail(
    @CurrentAuth() auth: AuthContext<User>,
    @Body() { code }: ConfirmEmailRequest,
  ): Promise<UserResponse> {
    return toUserResponse(await this.emails.confirm(auth, code));
  }
}
