import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { CodesErrors } from '../codes/codes.errors.js';
import { PlatformErrors } from '../platform/errors/platform-errors.js';
import { ApiAnswer, ApiFailures } from '../platform/http/api-answer.js';
import { Public } from '../platform/security/route-access.js';
import { passwordRefusedExample } from '../users/users.errors.js';
import { PasswordCodeRequest, ResetPasswordRequest } from './password-reset.dto.js';
import { PasswordResetService } from './password-reset.service.js';

@ApiTags('Account')
@Controller('password')
export class PasswordResetController {
  constructor(private readonly passwords: PasswordResetService) {}

  /**
   * I forgot my password: mail me a code
   *
   * @remarks Answers alike for a name that somebody has and for one that nobody has. A code is good for 10 minutes; asking
   * again soon mails it again.
   */
  @Post('codes')
  @HttpCode(200)
  @Public()
  @ApiAnswer(null)
  @ApiFailures(CodesErrors.mailNotSetUp, PlatformErrors.tooManyRequests)
  async requestPasswordCode(@Body() { username }: PasswordCodeRequest): Promise<void> {
    await this.passwords.request(username);
  }

  /**
   * Set a new password with a code or the link of a mail
   *
   * @remarks Also the first password, with the link of an invitation. Ends all sessions, and opens none: sign in
   * afterwards. With six digits, `username` is needed. A password that is refused (`12005`) costs neither the code nor an
   * attempt.
   */
  @Post('reset')
  @HttpCode(200)
  @Public()
  @ApiAnswer(null)
  @ApiFailures(CodesErrors.notValid, PlatformErrors.tooManyRequests, passwordRefusedExample('new_password'))
  async resetPassword(@Body() request: ResetPasswordRequest): Promise<void> {
    await this.passwords.reset(request);
  }
}
