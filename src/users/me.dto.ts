import { NewPassword, TypedPassword } from '../credentials/passwords.dto.js';
import { MayBeAbsent } from '../platform/http/constraints.js';
import { FullName } from './full-name.js';

export class UpdateMeRequest {
  @MayBeAbsent()
  @FullName()
  full_name?: string;
}

export class ChangePasswordRequest {
  @TypedPassword()
  current_password!: string;

  @NewPassword()
  new_password!: string;
}
