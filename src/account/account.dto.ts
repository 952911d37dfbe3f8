import { ApiProperty } from '@nestjs/swagger';
import { NewPassword, TypedPassword } from '../credentials/passwords.dto.js';
import { MayBeAbsent } from '../platform/http/constraints.js';
import type { Language } from '../platform/i18n/translator.js';
import { FullName, PreferredLanguage, toUserResponse, UserResponse } from '../users/users.dto.js';
import type { UserWithRoles } from '../users/users.service.js';

export class UpdateMeRequest {
  @MayBeAbsent()
  @FullName()
  full_name?: string;

  @MayBeAbsent()
  @PreferredLanguage()
  language?: Language | '';
}

export class ChangePasswordRequest {
  @TypedPassword()
  current_password!: string;

  @NewPassword()
  new_password!: string;
}

export class MeResponse extends UserResponse {
  @ApiProperty({
    type: [String],
    example: ['users:create'],
    description: 'Everything that the user may do, sorted.',
  })
  permissions!: readonly string[];
}

export function toMeResponse(found: UserWithRoles, permissions: readonly string[]): MeResponse {
  return { ...toUserResponse(found), permissions };
}
