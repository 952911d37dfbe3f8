import { ApiProperty } from '@nestjs/swagger';
import { IsString } from 'class-validator';
import { CodePoints, stacked } from '../platform/http/constraints.js';

/** A password in a body, to be compared with the stored one. */
export function TypedPassword(): PropertyDecorator {
  return stacked(
    IsString(),
    CodePoints(1, 256),
    ApiProperty({ example: 'correct horse battery staple', format: 'password' }),
  );
}

/** A new password in a body. The password policy checks the rest. */
export function NewPassword(): PropertyDecorator {
  return stacked(
    IsString(),
    CodePoints(0, 32_768),
    ApiProperty({ example: 'a longer horse, a better staple', format: 'password' }),
  );
}
