import { ApiProperty } from '@nestjs/swagger';
import { IsString } from 'class-validator';
import { PasskeyCredential } from '../factors/passkey-credential.js';
import type { Passkey } from '../factors/passkey.entity.js';
import { Holds } from '../platform/http/class-rules.js';
import { CodePoints, IsDisplayName, stacked } from '../platform/http/constraints.js';
import { toTimestamp } from '../platform/time/clock.js';
import type { AddedPasskey } from './passkeys.service.js';

/** The name of a passkey in a body. */
function PasskeyName(): PropertyDecorator {
  return stacked(IsString(), IsDisplayName(64), ApiProperty({ example: 'My phone' }));
}

export class AddPasskeyRequest {
  @IsString()
  @CodePoints(1, 2_048)
  @ApiProperty({
    example: 'eyJhbGciOiJkaXIi…',
    description: 'As it came with the options; good for 10 minutes.',
  })
  challenge!: string;

  @Holds(() => PasskeyCredential)
  @ApiProperty({ type: PasskeyCredential, description: 'What `navigator.credentials.create` gave.' })
  credential!: PasskeyCredential;

  @PasskeyName()
  name!: string;
}

export class RenamePasskeyRequest {
  @PasskeyName()
  name!: string;
}

export class NewPasskeyOptionsResponse {
  @ApiProperty({ example: 'eyJhbGciOiJkaXIi…', description: 'For `POST /me/passkeys`.' })
  challenge!: string;

  @ApiProperty({ format: 'date-time', example: '2026-11-22T08:42:48.741Z' })
  challenge_expires_at!: string;

  @ApiProperty({
    type: Object,
    additionalProperties: true,
    example: { challenge: 'u4Fh…', rp: { id: 'localhost', name: 'Gatehouse' } },
    description:
      'For `PublicKeyCredential.parseCreationOptionsFromJSON`, and then `navigator.credentials.create`.',
  })
  passkey!: object;
}

export class PasskeyResponse {
  @ApiProperty({ format: 'uuid', example: '7d1c1e9a-0c53-4b6e-8a43-2f3a5b1f9e60' })
  id!: string;

  @ApiProperty({ example: 'My phone' })
  name!: string;

  @ApiProperty({ format: 'date-time', example: '2026-11-22T08:32:48.741Z' })
  created_at!: string;

  @ApiProperty({ type: String, format: 'date-time', nullable: true, example: '2026-11-23T09:02:48.741Z' })
  last_used_at!: string | null;

  @ApiProperty({ example: true, description: 'Whether other devices of the person have copies of it.' })
  synced!: boolean;

  @ApiProperty({
    example: true,
    description: 'False: it was made for another domain, and does not work here.',
  })
  usable!: boolean;
}

export class AddedPasskeyResponse {
  @ApiProperty({ type: PasskeyResponse })
  passkey!: PasskeyResponse;

  @ApiProperty({
    type: [String],
    example: ['4T9K-2MBH-QX7C-0JNV-8RDA-5WYG'],
    description: 'With the first factor, shown this once; each is good once. Else empty.',
  })
  recovery_codes!: readonly string[];
}

/** @param rpId the domain that passkeys are made for now */
export function toPasskeyResponse(passkey: Passkey, rpId: string | undefined): PasskeyResponse {
  const { id, name, createdAt, lastUsedAt, synced } = passkey;
  return {
    id,
    name,
    created_at: toTimestamp(createdAt),
    last_used_at: lastUsedAt === null ? null : toTimestamp(lastUsedAt),
    synced: synced === 1,
    usable: passkey.rpId === rpId,
  };
}

export function toAddedPasskeyResponse(
  { passkey, recoveryCodes }: AddedPasskey,
  rpId: string | undefined,
): AddedPasskeyResponse {
  return { passkey: toPasskeyResponse(passkey, rpId), recovery_codes: recoveryCodes };
}
