import { ApiProperty } from '@nestjs/swagger';

/** Authorisation server metadata (RFC 8414), as much of it as Gatehouse has. */
export class ServerMetadataResponse {
  @ApiProperty({ example: 'https://id.example.com' })
  issuer!: string;

  @ApiProperty({ example: 'https://id.example.com/.well-known/jwks.json' })
  jwks_uri!: string;

  @ApiProperty({ type: [String], example: [], description: 'None: Gatehouse signs in by its own calls.' })
  response_types_supported!: readonly string[];
}
