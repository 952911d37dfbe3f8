import { ApiProperty } from '@nestjs/swagger';

/** The public half of a signing key in JWK form (RFC 7517, RFC 7518 section 6.2.1). */
export class JwkResponse {
  readonly kty!: 'EC';
  readonly crv!: 'P-256';
  readonly x!: string;
  readonly y!: string;
  readonly kid!: string;
  readonly alg!: 'ES256';
  readonly use!: 'sig';
}

/** The keys that access tokens verify with: current, next, previous. */
export class JwksResponse {
  @ApiProperty({ type: () => [JwkResponse] })
  readonly keys!: readonly JwkResponse[];
}
