import { ApiProperty } from '@nestjs/swagger';
import { IsString } from 'class-validator';
import { MailedCode } from '../codes/codes.dto.js';
import { NewPassword } from '../credentials/passwords.dto.js';
import { CodePoints, MayBeAbsent, NoControlCharacters, stacked } from '../platform/http/constraints.js';

/** Whom a person who is not signed in means, as at the sign-in. */
function TypedName(): PropertyDecorator {
  return stacked(
    IsString(),
    CodePoints(1, 320),
    NoControlCharacters(),
    ApiProperty({
      example: 'mei.lin@example.com',
      description: 'A user name, an e-mail address or a phone number.',
    }),
  );
}

export class PasswordCodeRequest {
  @TypedName()
  username!: string;
}

export class ResetPasswordRequest {
  @MailedCode()
  code!: string;

  @NewPassword()
  new_password!: string;

  @MayBeAbsent()
  @TypedName()
  @ApiProperty({ description: 'As the code was asked for; needed with six digits, and not with a link.' })
  username?: string;
}
