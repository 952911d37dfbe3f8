import { Controller, Delete, Param } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { AccessErrors } from '../access/access.errors.js';
import { KeysErrors } from '../api-keys/keys.errors.js';
import { ApiAnswer, ApiFailures } from '../platform/http/api-answer.js';
import { CurrentAuth, type AuthContext } from '../platform/security/auth-context.js';
import { PeopleOnly, RequirePermission } from '../platform/security/route-access.js';
import { FactorAdministration } from './factor-administration.service.js';
import { UsersErrors } from './users.errors.js';
import { UsersPermissions } from './users.permissions.js';

@ApiTags('Users')
@Controller('users/:id/factors')
export class UserFactorsController {
  constructor(private readonly factors: FactorAdministration) {}

  /**
   * Remove all second factors of a user
   *
   * @remarks For somebody who has lost them. Ends all sessions and tells the person.
   */
  @Delete()
  @RequirePermission(UsersPermissions.resetFactors)
  @PeopleOnly()
  @ApiAnswer(null)
  @ApiFailures(
    UsersErrors.notFound,
    AccessErrors.exceedsOwn,
    UsersErrors.notOnYourself,
    KeysErrors.notForServiceAccount,
  )
  async resetUserFactors(@CurrentAuth() actor: AuthContext, @Param('id') id: string): Promise<void> {
    await this.factors.reset(actor, id);
  }
}
