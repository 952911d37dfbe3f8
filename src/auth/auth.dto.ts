import { ApiProperty } from '@nestjs/swagger';
import { IsString, ValidateIf } from 'class-validator';
import { NewPassword, TypedPassword } from '../credentials/passwords.dto.js';
import { PasskeyCredential } from '../factors/passkey-credential.js';
import { Holds } from '../platform/http/class-rules.js';
import { CodePoints, MayBeAbsent, NoControlCharacters } from '../platform/http/constraints.js';
import { toTimestamp } from '../platform/time/clock.js';
import type { AccessToken } from '../tokens/access-tokens.js';
import type { User } from '../users/user.entity.js';
import { FactorCode, SignInChallengeText } from './factor-sign-in.dto.js';
import type { SignInResult } from './sign-in.service.js';

export class SignInRequest {
  @IsString()
  @CodePoints(1, 320)
  @NoControlCharacters()
  @ApiProperty({ example: 'admin', description: 'A user name, an e-mail address or a phone number.' })
  username!: string;

  @TypedPassword()
  password!: string;
}

export class NewPasswordRequest {
  @IsString()
  @CodePoints(1, 2_048)
  @ApiProperty({ example: 'eyJhbGciOiJkaXIi…', description: 'As it came with 11010; good for 5 minutes.' })
  challenge!: string;

  @NewPassword()
  new_password!: string;
}

export class RefreshTokenRequest {
  @IsString()
  @CodePoints(1, 512)
  @ApiProperty({
    example: 'gatehouse_rt_3mJr7AoUXx2Wqd8zYk4pVb6nTc9sLe1fHg5iKj0uMwE',
    description: 'As it was issued. A key (`gatehouse_key_…`) is one, too.',
  })
  refresh_token!: string;
}

export class ReauthenticationRequest {
  @ValidateIf(
    ({ challenge }: ReauthenticationRequest, password) => challenge === undefined || password !== undefined,
  )
  @TypedPassword()
  @ApiProperty({ required: false, description: 'Needed without a passkey.' })
  password?: string;

  @MayBeAbsent()
  @FactorCode()
  @ApiProperty({ description: 'With the password, where I have a second factor.' })
  code?: string;

  @MayBeAbsent()
  @SignInChallengeText()
  @ApiProperty({
    description: 'Of `POST /signin/passkey/options`, with `credential` in place of password and code.',
  })
  challenge?: string;

  @ValidateIf(
    ({ challenge }: ReauthenticationRequest, credential) =>
      challenge !== undefined || credential !== undefined,
  )
  @Holds(() => PasskeyCredential)
  @ApiProperty({ type: PasskeyCredential, required: false })
  credential?: PasskeyCredential;
}

export class SignedInUser {
  @ApiProperty({ example: 'admin' })
  username!: string;

  @ApiProperty({ example: 'Administrator' })
  full_name!: string;

  @ApiProperty({ example: '', description: 'Empty when not set.' })
  email!: string;

  @ApiProperty({ example: '', description: 'E.164; empty when not set.' })
  phone!: string;

  @ApiProperty({ format: 'date-time', example: '2026-11-22T08:00:00.000Z' })
  password_change_at!: string;

  @ApiProperty({ format: 'date-time', example: '2026-11-22T08:00:00.000Z' })
  created_at!: string;
}

export class SignInResponse {
  @ApiProperty({ format: 'uuid', example: '6f0f1c2d-8a7b-4c3e-9d5f-2b1a0c9e8d7f' })
  session_id!: string;

  @ApiProperty({
    example: 'eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCJ9.…',
    description: 'For `Authorization: Bearer`.',
  })
  access_token!: string;

  @ApiProperty({ format: 'date-time', example: '2026-11-22T08:47:48.000Z' })
  access_token_expires_at!: string;

  @ApiProperty({
    example: 'gatehouse_rt_3mJr7AoUXx2Wqd8zYk4pVb6nTc9sLe1fHg5iKj0uMwE',
    description: 'Keep it secret.',
  })
  refresh_token!: string;

  @ApiProperty({
    format: 'date-time',
    example: '2026-12-22T08:32:48.741Z',
    description: "The session's absolute end.",
  })
  refresh_token_expires_at!: string;

  @ApiProperty({ type: SignedInUser })
  user!: SignedInUser;
}

export class RenewAccessResponse {
  @ApiProperty({ example: 'eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCJ9.…' })
  access_token!: string;

  @ApiProperty({ format: 'date-time', example: '2026-11-22T09:02:48.000Z' })
  access_token_expires_at!: string;
}

export function toSignInResponse({ user, session, refreshToken, accessToken }: SignInResult): SignInResponse {
  return {
    session_id: session.id,
    access_token: accessToken.token,
    access_token_expires_at: toTimestamp(accessToken.expiresAt),
    refresh_token: refreshToken,
    refresh_token_expires_at: toTimestamp(session.expiresAt),
    user: toSignedInUser(user),
  };
}

export function toRenewAccessResponse({ token, expiresAt }: AccessToken): RenewAccessResponse {
  return { access_token: token, access_token_expires_at: toTimestamp(expiresAt) };
}

function toSignedInUser(user: User): SignedInUser {
  return {
    username: user.username,
    full_name: user.fullName,
    email: user.email ?? '',
    phone: user.phone ?? '',
    password_change_at: toTimestamp(user.passwordChangeAt),
    created_at: toTimestamp(user.createdAt),
  };
}
