import { Body, Controller, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { ApiAnswer } from '../platform/http/api-answer.js';
import { ApiFailures } from '../platform/http/api-failures.js';
import { RequirePermission } from '../platform/security/route-access.js';
import { CreateUserRequest, toUserResponse, UserResponse } from './users.dto.js';
import { UsersErrors } from './users.errors.js';
import { UsersPermissions } from './users.permissions.js';
import { UsersService } from './users.service.js';

/** As an example in the documentation. */
const PASSWORD_REFUSED = UsersErrors.passwordRefused({
  violations: [{ field: 'password', rule: 'password_common' }],
});

@ApiTags('Users')
@Controller('users')
export class UsersController {
  constructor(private readonly users: UsersService) {}

  /** Create a user */
  @Post()
  @RequirePermission(UsersPermissions.create)
  @ApiAnswer(UserResponse, { status: 201 })
  @ApiFailures(UsersErrors.usernameTaken, UsersErrors.emailTaken, UsersErrors.phoneTaken, PASSWORD_REFUSED)
  async createUser(@Body() { full_name, ...rest }: CreateUserRequest): Promise<UserResponse> {
    return toUserResponse(await this.users.create({ ...rest, fullName: full_name }));
  }
}
