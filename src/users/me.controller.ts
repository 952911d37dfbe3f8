import { Controller, Get } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { AccessService } from '../access/access.service.js';
import { ApiAnswer } from '../platform/http/api-answer.js';
import { CurrentPrincipal, type Principal } from '../platform/security/principal.js';
import { SignedIn } from '../platform/security/route-access.js';
import { MeResponse, toMeResponse } from './users.dto.js';
import { UsersService } from './users.service.js';

@ApiTags('Me')
@Controller('me')
export class MeController {
  constructor(
    private readonly users: UsersService,
    private readonly access: AccessService,
  ) {}

  /** Who am I, and what may I do? */
  @Get()
  @SignedIn()
  @ApiAnswer(MeResponse)
  async getMe(@CurrentPrincipal() { userId }: Principal): Promise<MeResponse> {
    return toMeResponse(await this.users.get(userId), await this.access.permissionsOf(userId));
  }
}
