import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { CodesErrors } from '../codes/codes.errors.js';
import { PlatformErrors } from '../platform/errors/platform-errors.js';
import { ApiAnswer, ApiFailures } from '../platform/http/api-answer.js';
import { Public } from '../platform/security/route-access.js';
import { toUserResponse, UserResponse } from '../users/users.dto.js';
import { passwordRefusedExample, UsersErrors } from '../users/users.errors.js';
import { AccountErrors } from './account.errors.js';
import { SignUpCodeRequest, SignUpRequest } from './sign-up.dto.js';
import { SignUpService } from './sign-up.service.js';

@ApiTags('Account')
@Controller('signup')
export class SignUpController {
  constructor(private readonly signUps: SignUpService) {}

  /**
   * Sign up, first step: prove an e-mail address
   *
   * @remarks Mails a code that is good for 10 minutes. An address that has an account gets a mail that says so, and the
   * answer is alike.
   */
  @Post('codes')
  @HttpCode(200)
  @Public()
  @ApiAnswer(null)
  @ApiFailures(
    AccountErrors.signUpClosed,
    CodesErrors.mailNotSetUp,
    AccountErrors.domainNotAllowed,
    PlatformErrors.tooManyRequests,
  )
  async requestSignUpCode(@Body() { email }: SignUpCodeRequest): Promise<void> {
    await this.signUps.request(email);
  }

  /**
   * Sign up, second step: make the account
   *
   * @remarks Signs nobody in: call `POST /signin` afterwards. A user name or a password that is refused costs neither the
   * code nor an attempt.
   */
  @Post()
  @Public()
  @ApiAnswer(UserResponse)
  @ApiFailures(
    AccountErrors.signUpClosed,
    AccountErrors.domainNotAllowed,
    PlatformErrors.tooManyRequests,
    CodesErrors.notValid,
    passwordRefusedExample('password'),
    UsersErrors.usernameTaken,
    UsersErrors.emailTaken,
  )
  async signUp(@Body() request: SignUpRequest): Promise<UserResponse> {
    return toUserResponse(await this.signUps.signUp(request));
  }
}
