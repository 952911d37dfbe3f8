import { ApiProperty } from '@nestjs/swagger';
import { IsString } from 'class-validator';
import { isNetwork } from '../platform/http/client-address.js';
import {
  IsDisplayName,
  IsListOf,
  IsWholeNumber,
  MayBeAbsent,
  stacked,
} from '../platform/http/constraints.js';
import { toTimestamp } from '../platform/time/clock.js';
import { networksOf, scopesOf, type Key, type NewKey } from './keys.service.js';

/** Longer than any life that `KEY_MAX_TTL` can allow. */
const MOST_DAYS = 3_650;
const MOST_OVERLAP = 168;

/** Any text: the service knows which permissions there are. */
function Scopes(): PropertyDecorator {
  return stacked(
    IsListOf('permission', (text) => text.length <= 128, { min: 1, max: 100 }),
    ApiProperty({
      example: ['users:read'],
      description: 'Permissions, of which the key has those that its owner holds.',
    }),
  );
}

export class CreateKeyRequest {
  @IsString()
  @IsDisplayName(64)
  @ApiProperty({ example: 'Nightly export' })
  name!: string;

  @Scopes()
  scopes!: string[];

  @MayBeAbsent()
  @IsWholeNumber(1, MOST_DAYS)
  @ApiProperty({ example: 90, description: 'By default 90; at most what `KEY_MAX_TTL` allows.' })
  expires_in_days?: number;

  @MayBeAbsent()
  @IsListOf('network', isNetwork, { max: 10 })
  @ApiProperty({ example: ['10.0.0.0/8'], description: 'From where alone it works; none: from anywhere.' })
  networks?: string[];
}

export class RotateKeyRequest {
  @MayBeAbsent()
  @IsWholeNumber(0, MOST_OVERLAP)
  @ApiProperty({ example: 24, description: 'How long the old key still works; by default 24.' })
  overlap_hours?: number;
}

export class KeyResponse {
  @ApiProperty({ format: 'uuid', example: '2b1a0c9e-8d7f-4c3e-9d5f-6f0f1c2d8a7b' })
  id!: string;

  @ApiProperty({ example: 'Nightly export' })
  name!: string;

  @ApiProperty({ example: 'x7Qp', description: 'The last four characters.' })
  hint!: string;

  @ApiProperty({ format: 'uuid', example: '3f6c0b2e-5c1d-4d8e-9a4e-0a8c1f0d7b11' })
  user_id!: string;

  @ApiProperty({ type: [String], example: ['users:read'] })
  scopes!: readonly string[];

  @ApiProperty({ type: [String], example: ['10.0.0.0/8'] })
  networks!: readonly string[];

  @ApiProperty({
    type: String,
    format: 'uuid',
    nullable: true,
    example: '56b71c33-1dfd-42ce-b756-5c942461d6f6',
    description: 'Who made it; null for an operator.',
  })
  created_by!: string | null;

  @ApiProperty({ format: 'date-time', example: '2026-11-22T08:32:48.741Z' })
  created_at!: string;

  @ApiProperty({
    format: 'date-time',
    example: '2027-02-20T08:32:48.741Z',
    description: 'When it ends, or ended.',
  })
  expires_at!: string;

  @ApiProperty({
    type: String,
    format: 'date-time',
    nullable: true,
    example: '2026-11-22T09:02:48.741Z',
    description: 'To the minute.',
  })
  last_used_at!: string | null;

  @ApiProperty({
    type: String,
    format: 'uuid',
    nullable: true,
    example: null,
    description: 'The key that took its place.',
  })
  replaced_by!: string | null;
}

export class NewKeyResponse extends KeyResponse {
  @ApiProperty({
    example: 'gatehouse_key_3mJr7AoUXx2Wqd8zYk4pVb6nTc9sLe1fHg5iKj0uMwE1a2B3',
    description: 'The key itself. It is told this once, and stored nowhere.',
  })
  secret!: string;
}

export function toKeyResponse(key: Key): KeyResponse {
  return {
    id: key.id,
    name: key.name,
    hint: key.hint,
    user_id: key.userId,
    scopes: scopesOf(key.scopes),
    networks: networksOf(key.networks),
    created_by: key.createdBy,
    created_at: toTimestamp(key.createdAt),
    expires_at: toTimestamp(Math.min(key.expiresAt, key.endedAt ?? Infinity)),
    last_used_at: key.lastSeenAt === 0 ? null : toTimestamp(key.lastSeenAt),
    replaced_by: key.replacedBy,
  };
}

export function toNewKeyResponse({ key, secret }: NewKey): NewKeyResponse {
  return { ...toKeyResponse(key), secret };
}
