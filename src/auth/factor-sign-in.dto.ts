import { ApiProperty } from '@nestjs/swagger';
import { IsString } from 'class-validator';
import { PasskeyCredential } from '../factors/passkey-credential.js';
import { CodePoints, stacked } from '../platform/http/constraints.js';
import { Holds } from '../platform/http/class-rules.js';

/** A challenge in a body, as it came with a demand. */
export function SignInChallengeText(): PropertyDecorator {
  return stacked(
    IsString(),
    CodePoints(1, 2_048),
    ApiProperty({ example: 'eyJhbGciOiJkaXIi…', description: 'As it came; good for 5 minutes.' }),
  );
}

/** A second factor in a body that is typed. */
export function FactorCode(): PropertyDecorator {
  return stacked(
    IsString(),
    CodePoints(6, 64),
    ApiProperty({ example: '482913', description: 'Six digits of the app, or a recovery code.' }),
  );
}

export class FactorCodeRequest {
  @SignInChallengeText()
  challenge!: string;

  @FactorCode()
  code!: string;
}

export class EnrolTotpRequest {
  @SignInChallengeText()
  challenge!: string;
}

export class PasskeySignInRequest {
  @SignInChallengeText()
  challenge!: string;

  @Holds(() => PasskeyCredential)
  @ApiProperty({ type: PasskeyCredential })
  credential!: PasskeyCredential;
}

export class PasskeyOptionsResponse {
  @ApiProperty({ example: 'eyJhbGciOiJkaXIi…', description: 'For the call that takes the credential.' })
  challenge!: string;

  @ApiProperty({ format: 'date-time', example: '2026-11-22T08:37:48.741Z' })
  challenge_expires_at!: string;

  @ApiProperty({
    type: Object,
    additionalProperties: true,
    example: { challenge: 'u4Fh…', rpId: 'localhost', allowCredentials: [], userVerification: 'required' },
    description: 'For `PublicKeyCredential.parseRequestOptionsFromJSON` or its counterpart for creation.',
  })
  passkey!: object;
}
