import { MailedCode } from '../codes/codes.dto.js';
import { Email } from './sign-up.dto.js';

export class ChangeEmailRequest {
  @Email()
  email!: string;
}

export class ConfirmEmailRequest {
  @MailedCode()
  code!: string;
}
