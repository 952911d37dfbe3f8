import { ApiProperty } from '@nestjs/swagger';
import { IsString } from 'class-validator';
import { rule, stacked } from '../platform/http/constraints.js';
import { parseCode } from './code-derivation.js';

/** A code in a body: six digits, with or without blanks, or the token of a link. */
export function MailedCode(): PropertyDecorator {
  return stacked(
    IsString(),
    rule(
      'code',
      (value) => typeof value === 'string' && value.length <= 128 && parseCode(value) !== undefined,
    ),
    ApiProperty({
      example: '482913',
      description:
        'Six digits, with or without blanks, or the 68 characters of a link, which begin with `ghc_`.',
    }),
  );
}
