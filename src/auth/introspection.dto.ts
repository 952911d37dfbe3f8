import { ApiProperty } from '@nestjs/swagger';
import { IsString } from 'class-validator';
import { ApplicationReference } from '../access/applications.dto.js';
import { CodePoints, MayBeAbsent } from '../platform/http/constraints.js';
import { USER_KINDS } from '../users/user.entity.js';

export class IntrospectRequest {
  @IsString()
  @CodePoints(1, 8192)
  @ApiProperty({
    example: 'eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCJ9.…',
    description: 'An access token or a key.',
  })
  token!: string;

  @MayBeAbsent()
  @ApplicationReference()
  @ApiProperty({ description: 'Also answer what its holder may do in this application: its id or its key.' })
  application?: string;
}

/** The members of RFC 7662, section 2.2. For whatever is not active there is `active` alone. */
export class IntrospectionResponse {
  @ApiProperty({ example: true })
  active!: boolean;

  @ApiProperty({
    required: false,
    format: 'uuid',
    example: '3f6c0b2e-5c1d-4d8e-9a4e-0a8c1f0d7b11',
    description: 'The user.',
  })
  sub?: string;

  @ApiProperty({
    required: false,
    format: 'uuid',
    example: '6f0f1c2d-8a7b-4c3e-9d5f-2b1a0c9e8d7f',
    description: 'The session, or the key.',
  })
  sid?: string;

  @ApiProperty({ required: false, example: 'https://id.example.com' })
  iss?: string;

  @ApiProperty({ required: false, example: 'https://api.example.com' })
  aud?: string;

  @ApiProperty({ required: false, type: 'integer', example: 1764059568, description: 'Seconds since 1970.' })
  iat?: number;

  @ApiProperty({ required: false, type: 'integer', example: 1764060468, description: 'Seconds since 1970.' })
  exp?: number;

  @ApiProperty({ required: false, example: '0b6f5a0e-5f0c-4c55-9d3e-0f4f2f5f7a61' })
  jti?: string;

  @ApiProperty({ required: false, enum: ['access_token', 'key'], example: 'access_token' })
  token_type?: string;

  @ApiProperty({ required: false, example: 'mei.lin' })
  username?: string;

  @ApiProperty({ required: false, enum: USER_KINDS, example: 'person' })
  kind?: string;

  @ApiProperty({
    required: false,
    type: [String],
    example: ['orders:refund'],
    description:
      'Only with `application`: what the holder may do there, sorted; for a key within its scopes.',
  })
  permissions?: readonly string[];
}
