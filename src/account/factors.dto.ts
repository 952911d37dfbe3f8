import { ApiProperty } from '@nestjs/swagger';
import { IsString } from 'class-validator';
import type { TotpFactor } from '../factors/totp-factor.entity.js';
import { CodePoints } from '../platform/http/constraints.js';
import { toTimestamp } from '../platform/time/clock.js';
import { PasskeyResponse, toPasskeyResponse } from './passkeys.dto.js';
import type { OwnFactors } from './factors.service.js';

export class ConfirmTotpRequest {
  @IsString()
  @CodePoints(1, 2_048)
  @ApiProperty({
    example: 'eyJhbGciOiJkaXIi…',
    description: 'As it came with the secret; good for 10 minutes.',
  })
  challenge!: string;

  @IsString()
  @CodePoints(6, 16)
  @ApiProperty({ example: '482913', description: 'Six digits of the app.' })
  code!: string;
}

export class RecoveryCodesResponse {
  @ApiProperty({
    type: [String],
    example: ['4T9K-2MBH-QX7C-0JNV-8RDA-5WYG'],
    description: 'Shown this once; each is good once. Empty where there are some already.',
  })
  recovery_codes!: readonly string[];
}

export class TotpResponse {
  @ApiProperty({ format: 'date-time', example: '2026-11-22T08:32:48.741Z' })
  created_at!: string;

  @ApiProperty({ type: String, format: 'date-time', nullable: true, example: '2026-11-23T09:02:48.741Z' })
  last_used_at!: string | null;
}

export class FactorsResponse {
  @ApiProperty({
    type: TotpResponse,
    nullable: true,
    example: { created_at: '2026-11-22T08:32:48.741Z', last_used_at: null },
    description: 'The authenticator app, if there is one.',
  })
  totp!: TotpResponse | null;

  @ApiProperty({ type: [PasskeyResponse] })
  passkeys!: readonly PasskeyResponse[];

  @ApiProperty({ type: 'integer', example: 9 })
  recovery_codes_left!: number;

  @ApiProperty({ example: false, description: 'Whether I must have a second factor.' })
  required!: boolean;
}

export function toFactorsResponse({
  totp,
  passkeys,
  recoveryCodesLeft,
  required,
  rpId,
}: OwnFactors): FactorsResponse {
  return {
    totp: totp === undefined ? null : toTotpResponse(totp),
    passkeys: passkeys.map((passkey) => toPasskeyResponse(passkey, rpId)),
    recovery_codes_left: recoveryCodesLeft,
    required,
  };
}

function toTotpResponse({ createdAt, lastUsedAt }: TotpFactor): TotpResponse {
  return {
    created_at: toTimestamp(createdAt),
    last_used_at: lastUsedAt === null ? null : toTimestamp(lastUsedAt),
  };
}
