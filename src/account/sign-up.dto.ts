import { ApiProperty } from '@nestjs/swagger';
import { IsString } from 'class-validator';
import { MailedCode } from '../codes/codes.dto.js';
import { NewPassword } from '../credentials/passwords.dto.js';
import { CodePoints, rule, stacked } from '../platform/http/constraints.js';
import { parseEmail } from '../users/identifiers.js';
import { FullName } from '../users/users.dto.js';

/** An e-mail address in a body, in any spelling of its one canonical form. */
export function Email(): PropertyDecorator {
  return stacked(
    IsString(),
    CodePoints(1, 320),
    rule('email', (value) => typeof value === 'string' && parseEmail(value) !== undefined),
    ApiProperty({ example: 'mei.lin@example.com' }),
  );
}

export class SignUpCodeRequest {
  @Email()
  email!: string;
}

export class SignUpRequest {
  @Email()
  email!: string;

  @MailedCode()
  code!: string;

  @IsString()
  @CodePoints(1, 320)
  @ApiProperty({ example: 'mei.lin', description: '3 to 32 of a-z, 0-9, dot, hyphen and underscore.' })
  username!: string;

  @FullName()
  full_name!: string;

  @NewPassword()
  password!: string;
}
