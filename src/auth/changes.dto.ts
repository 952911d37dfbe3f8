import { ApiProperty } from '@nestjs/swagger';
import { AfterNumber } from '../audit/audit.dto.js';
import { toTimestamp } from '../platform/time/clock.js';
import { WholeNumber } from '../platform/http/query-values.js';
import type { Change, Changes } from './changes.service.js';

export class ListChangesQuery {
  @AfterNumber()
  @ApiProperty({
    description:
      'The `next` of the answer before. Without it: all that can matter to a token that is in use.',
  })
  after?: number;

  @WholeNumber(0, 25)
  @ApiProperty({ default: 0, description: 'How many seconds to wait where there is nothing yet.' })
  wait = 0;
}

export class ChangeResponse {
  @ApiProperty({ type: 'integer', example: 4711 })
  seq!: number;

  @ApiProperty({ format: 'date-time', example: '2026-11-22T08:32:48.741Z' })
  at!: string;

  @ApiProperty({
    required: false,
    type: [String],
    example: ['6f0f1c2d-8a7b-4c3e-9d5f-2b1a0c9e8d7f'],
    description: 'Sessions and keys that ended: refuse tokens with these as `sid`.',
  })
  ended?: readonly string[];

  @ApiProperty({
    required: false,
    example: '*',
    description: 'Whose permissions may have changed: the id of a user, or `*` for everybody.',
  })
  permissions?: string;
}

export class ChangesResponse {
  @ApiProperty({ type: [ChangeResponse] })
  items!: readonly ChangeResponse[];

  @ApiProperty({ type: 'integer', example: 4711, description: 'The next `after`.' })
  next!: number;

  @ApiProperty({
    type: 'integer',
    example: 900,
    description: 'How many seconds an access token lives at most.',
  })
  ttl!: number;
}

export function toChangesResponse({ items, next, ttl }: Changes): ChangesResponse {
  return { items: items.map(toChangeResponse), next, ttl };
}

function toChangeResponse({ at, ...change }: Change): ChangeResponse {
  return { ...change, at: toTimestamp(at) };
}
