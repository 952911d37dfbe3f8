import { ApiProperty } from '@nestjs/swagger';

/** The public half of a signing key in JWK form (RFC 7517, RFC 7518 section 6.2.1). */
export class JwkResponse {
  @ApiProperty({ enum: ['EC'] })
  readonly kty!: 'EC';

  @ApiProperty({ enum: ['P-256'] })
  readonly crv!: 'P-256';

  @ApiProperty({ example: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU' })
  readonly x!: string;

  @ApiProperty({ example: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0' })
  readonly y!: string;

  @ApiProperty({ example: 'kQ5cPnW1uO8', description: 'Stands in the header of every access token.' })
  readonly kid!: string;

  @ApiProperty({ enum: ['ES256'] })
  readonly alg!: 'ES256';

  @ApiProperty({ enum: ['sig'] })
  readonly use!: 'sig';
}

/** The keys that access tokens verify with: current, next, previous. */
export class JwksResponse {
  @ApiProperty({ type: () => [JwkResponse] })
  readonly keys!: readonly JwkResponse[];
}
