import { ApiProperty } from '@nestjs/swagger';
import { IsString } from 'class-validator';
import { IsDisplayName, stacked } from '../platform/http/constraints.js';

/** In code points. */
export const FULL_NAME_MAX_LENGTH = 128;

/** The full name of a person in a body. */
export function FullName(): PropertyDecorator {
  return stacked(IsString(), IsDisplayName(FULL_NAME_MAX_LENGTH), ApiProperty({ example: 'Mei Lin' }));
}
