import { Body, Controller, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { ApiAnswer } from '../platform/http/api-answer.js';
import { RequirePermission } from '../platform/security/route-access.js';
import { CreateUserRequest, toUserResponse, UserResponse } from './users.dto.js';
import { UsersPermissions } from './users.permissions.js';
import { UsersService } from './users.service.js';

@ApiTags('Users')
@Controller('users')
export class UsersController {
  constructor(private readonly users: UsersService) {}

  /** Create a user */
  @Post()
  @RequirePermission(UsersPermissions.create)
  @ApiAnswer(UserResponse, { status: 201 })
  async createUser(@Body() { full_name, ...rest }: CreateUserRequest): Promise<UserResponse> {
    return toUserResponse(await this.users.create({ ...rest, fullName: full_name }));
  }
}
