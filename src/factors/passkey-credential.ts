import { ApiProperty } from '@nestjs/swagger';
import type { AuthenticationResponseJSON, RegistrationResponseJSON } from '@simplewebauthn/server';
import { IsString, type ValidationArguments } from 'class-validator';
import { Holds, IgnoresOthers } from '../platform/http/class-rules.js';
import { IsListOf, MayBeAbsent, rule, stacked } from '../platform/http/constraints.js';

/** In characters, over all fields that are read. No key that we take needs half of it. */
const LARGEST_CREDENTIAL = 8 * 1024;

/** As the specification writes them; others are not kept. */
const TRANSPORT = /^[a-z][a-z-]{0,15}$/;
const MOST_TRANSPORTS = 6;

function Base64url(example: string, description: string): PropertyDecorator {
  return stacked(
    IsString(),
    rule('base64url', isBase64url),
    ApiProperty({ example, description, maxLength: LARGEST_CREDENTIAL }),
  );
}

/** What the authenticator says: `attestationObject` of a new passkey, the fields after it of one that is used. */
@IgnoresOthers()
export class AuthenticatorAnswer {
  @Base64url('eyJ0eXBlIjoid2ViYXV0aG4uY3JlYXRlIn0', 'What the browser says of the page and of the challenge.')
  clientDataJSON!: string;

  @MayBeAbsent()
  @Base64url('o2NmbXRkbm9uZWdhdHRTdG10oGhhdXRoRGF0YVikSZYN5Q', 'Of a new passkey.')
  attestationObject?: string;

  @MayBeAbsent()
  @IsListOf('strings', () => true, { max: 16 })
  @ApiProperty({ example: ['internal', 'hybrid'], description: 'Of a new passkey: how it is reached.' })
  transports?: string[];

  @MayBeAbsent()
  @Base64url('SZYN5YgOjGh0NBcPZHZgW4_krrmihjLHmVzzuoMdl2MFAAAAAQ', 'Of a passkey that is used.')
  authenticatorData?: string;

  @MayBeAbsent()
  @Base64url('MEUCIQDx1aNn0Yw8', 'Of a passkey that is used.')
  signature?: string;

  @MayBeAbsent()
  @Base64url('P2wLLlwdTY6aTgqMHw17EQ', 'Of a passkey that is used: whose it is.')
  userHandle?: string;
}

/** What `PublicKeyCredential.toJSON()` gives. A browser may add to it; what is not named here is ignored. */
@IgnoresOthers()
export class PasskeyCredential {
  @Base64url('q1uVZ0n7Xo2cHk3d5bD8rw', 'The name that the authenticator gave it.')
  id!: string;

  @Base64url('q1uVZ0n7Xo2cHk3d5bD8rw', 'As `id`.')
  rawId!: string;

  @IsString()
  @ApiProperty({ example: 'public-key' })
  type!: string;

  @rule('size', isSmall, { context: { params: { max: LARGEST_CREDENTIAL } } })
  @Holds(() => AuthenticatorAnswer)
  @ApiProperty({ type: () => AuthenticatorAnswer, description: 'All in all at most 8 KiB.' })
  response!: AuthenticatorAnswer;
}

/** What the library needs of a new passkey; undefined when it is none. */
export function registrationOf(credential: PasskeyCredential): RegistrationResponseJSON | undefined {
  const { id, rawId, type, response } = credential;
  const { clientDataJSON, attestationObject, transports = [] } = response;
  if (type !== 'public-key' || attestationObject === undefined) return undefined;
  const known = transports.filter((transport) => TRANSPORT.test(transport)).slice(0, MOST_TRANSPORTS);
  return {
    id,
    rawId,
    type,
    response: { clientDataJSON, attestationObject, transports: known },
    clientExtensionResults: {},
  };
}

/** What the library needs of a passkey that is used; undefined when it is none. */
export function assertionOf(credential: PasskeyCredential): AuthenticationResponseJSON | undefined {
  const { id, rawId, type, response } = credential;
  const { clientDataJSON, authenticatorData, signature } = response;
  if (type !== 'public-key' || authenticatorData === undefined || signature === undefined) return undefined;
  return {
    id,
    rawId,
    type,
    response: { clientDataJSON, authenticatorData, signature },
    clientExtensionResults: {},
  };
}

function isBase64url(value: unknown): boolean {
  return typeof value === 'string' && /^[A-Za-z0-9_-]*$/.test(value) && value.length % 4 !== 1;
}

function isSmall(response: unknown, args?: ValidationArguments): boolean {
  const { id, rawId }: Partial<PasskeyCredential> = args?.object ?? {};
  const answer: Partial<AuthenticatorAnswer> = Object(response);
  const { clientDataJSON, attestationObject, transports, authenticatorData, signature, userHandle } = answer;
  const read = [
    id,
    rawId,
    clientDataJSON,
    attestationObject,
    transports,
    authenticatorData,
    signature,
    userHandle,
  ];
  return JSON.stringify(read).length <= LARGEST_CREDENTIAL;
}
