import { ApiProperty } from '@nestjs/swagger';

/** A secret for an authenticator app, which nothing holds until its first code. */
export class TotpProposalResponse {
  @ApiProperty({ example: 'eyJhbGciOiJkaXIi…', description: 'For the call that takes the first code.' })
  challenge!: string;

  @ApiProperty({ format: 'date-time', example: '2026-11-22T08:37:48.741Z' })
  challenge_expires_at!: string;

  @ApiProperty({
    example: 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP',
    description: 'In base32, to be typed into an app.',
  })
  secret!: string;

  @ApiProperty({
    example: 'otpauth://totp/Gatehouse:mei.lin?issuer=Gatehouse&secret=JBSWY3DPEHPK3PXP',
    description: 'To be drawn as a QR code.',
  })
  otpauth_uri!: string;
}
