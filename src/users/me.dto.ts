import { Text } from '../platform/http/rules.js';
import { FullName } from './full-name.js';

export class UpdateMeRequest {
  @FullName({ optional: true })
  full_name?: string;
}

export class ChangePasswordRequest {
  @Text({ min: 1, max: 256, example: 'correct horse battery staple', format: 'password' })
  current_password!: string;

  @Text({ min: 0, max: 32_768, example: 'a longer horse, a better staple', format: 'password' })
  new_password!: string;
}
