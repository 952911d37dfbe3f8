import { createHash } from 'node:crypto';
import type { VerifiedAuthenticationResponse } from '@simplewebauthn/server';
import { MINUTE } from '../platform/time/clock.js';
import { FactorsErrors } from './factors.errors.js';
import { assertionOf, registrationOf, type PasskeyCredential } from './passkey-credential.js';
import type { Passkey } from './passkey.entity.js';

/** For whom passkeys are made, and where they are used. */
export interface RelyingParty {
  readonly id: string;
  readonly name: string;
  readonly origins: readonly string[];
}

/** As people see themselves in the list of their passkeys. */
export interface PasskeyHolder {
  readonly id: string;
  readonly username: string;
  readonly fullName: string;
}

/** A passkey that the authenticator has made, and that nobody has yet. */
export type NewPasskey = Pick<
  Passkey,
  'credentialId' | 'publicKey' | 'counter' | 'rpId' | 'transports' | 'synced' | 'aaguid'
>;

/** ES256, EdDSA, RS256: every authenticator has one of them. */
const ALGORITHMS = [-7, -8, -257];

/** How long a browser waits for the person. */
const PATIENCE = 5 * MINUTE;

/** The columns `credential_id` and `public_key`. */
const LONGEST = 1400;

/** 19 MB that only those need who have passkeys, so it is not loaded before. */
const library = () => import('@simplewebauthn/server');
const decoders = () => import('@simplewebauthn/server/helpers');

/** PublicKeyCredentialCreationOptionsJSON. */
export async function creationOptions(
  party: RelyingParty,
  challenge: string,
  holder: PasskeyHolder,
  others: readonly Passkey[],
): Promise<object> {
  const { generateRegistrationOptions } = await library();
  return generateRegistrationOptions({
    rpID: party.id,
    rpName: party.name,
    userID: userHandleOf(holder.id),
    userName: holder.username,
    userDisplayName: holder.fullName,
    challenge: bytesOf(challenge),
    timeout: PATIENCE,
    attestationType: 'none',
    supportedAlgorithmIDs: ALGORITHMS,
    // So that it works without a user name, and stands for two factors: what one has, and what one knows or is.
    authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    excludeCredentials: others.map(descriptorOf),
  });
}

/** PublicKeyCredentialRequestOptionsJSON. */
export async function requestOptions(
  party: RelyingParty,
  challenge: string,
  allowed: readonly Passkey[],
): Promise<object> {
  const { generateAuthenticationOptions } = await library();
  return generateAuthenticationOptions({
    rpID: party.id,
    challenge: bytesOf(challenge),
    timeout: PATIENCE,
    userVerification: 'required',
    allowCredentials: allowed.map(descriptorOf),
  });
}

/** @throws FactorsErrors.refused */
export async function verifyRegistration(
  party: RelyingParty,
  challenge: string,
  credential: PasskeyCredential,
): Promise<NewPasskey> {
  const { verifyRegistrationResponse } = await library();
  const response = registrationOf(credential);
  if (response === undefined) throw FactorsErrors.refused();
  await requireOwnPage(credential);
  await requireNoCertificates(response.response.attestationObject);
  const { registrationInfo } = await refusing(
    verifyRegistrationResponse({
      response,
      expectedChallenge: bytesOf(challenge).toString('base64url'),
      expectedOrigin: [...party.origins],
      expectedRPID: party.id,
      requireUserVerification: true,
      supportedAlgorithmIDs: ALGORITHMS,
    }),
  );
  if (registrationInfo === undefined) throw FactorsErrors.refused();
  const { credential: made, credentialBackedUp, aaguid } = registrationInfo;
  const publicKey = Buffer.from(made.publicKey).toString('base64url');
  // The library does not compare what the browser calls it with what the authenticator does.
  if (made.id !== credential.id || made.id.length > LONGEST || publicKey.length > LONGEST)
    throw FactorsErrors.refused();
  return {
    credentialId: made.id,
    publicKey,
    counter: made.counter,
    rpId: party.id,
    transports: (made.transports ?? []).join(','),
    synced: Number(credentialBackedUp),
    aaguid,
  };
}

/** What the authenticator says of a passkey that is used. */
export interface VerifiedUse {
  readonly counter: number;
  readonly synced: boolean;
}

/** @throws FactorsErrors.refused */
export async function verifyAssertion(
  party: RelyingParty,
  challenge: string,
  credential: PasskeyCredential,
  passkey: Passkey,
): Promise<VerifiedUse> {
  const { verifyAuthenticationResponse } = await library();
  const response = assertionOf(credential);
  const { userHandle } = credential.response;
  const isOwners =
    userHandle === undefined || Buffer.from(userHandle, 'base64url').equals(userHandleOf(passkey.userId));
  if (response === undefined || !isOwners) throw FactorsErrors.refused();
  await requireOwnPage(credential);
  const { verified, authenticationInfo }: VerifiedAuthenticationResponse = await refusing(
    verifyAuthenticationResponse({
      response,
      expectedChallenge: bytesOf(challenge).toString('base64url'),
      expectedOrigin: [...party.origins],
      expectedRPID: party.id,
      requireUserVerification: true,
      credential: {
        id: passkey.credentialId,
        publicKey: new Uint8Array(Buffer.from(passkey.publicKey, 'base64url')),
        // The library would refuse a counter that fell. That is a signal and no proof (WebAuthn L3, section 6.1.1).
        counter: 0,
      },
    }),
  );
  if (!verified) throw FactorsErrors.refused();
  return { counter: authenticationInfo.newCounter, synced: authenticationInfo.credentialBackedUp };
}

/** The library lets a frame inside of somebody else's page pass. @throws FactorsErrors.refused */
async function requireOwnPage({ response }: PasskeyCredential): Promise<void> {
  const { decodeClientDataJSON } = await decoders();
  const read = async () => decodeClientDataJSON(response.clientDataJSON);
  const { crossOrigin = false, topOrigin } = Object(await refusing(read()));
  if (crossOrigin !== false || topOrigin !== undefined) throw FactorsErrors.refused();
}

/**
 * We ask for no attestation, so a browser sends none, or one that the new key has signed itself. For others the library
 * would fetch lists of revoked certificates, from addresses that the certificates name.
 *
 * @throws FactorsErrors.refused
 */
async function requireNoCertificates(attestationObject: string): Promise<void> {
  const { decodeAttestationObject } = await decoders();
  const read = async () => {
    const decoded = decodeAttestationObject(new Uint8Array(Buffer.from(attestationObject, 'base64url')));
    const format = decoded.get('fmt');
    return format === 'none' || (format === 'packed' && decoded.get('attStmt').get('x5c') === undefined);
  };
  if (!(await refusing(read()))) throw FactorsErrors.refused();
}

/** Whatever the library throws is about what it was given. @throws FactorsErrors.refused */
async function refusing<T>(checked: Promise<T>): Promise<T> {
  return checked.catch((cause: unknown) => {
    throw FactorsErrors.refused({ cause });
  });
}

function descriptorOf({ credentialId: id, transports }: Passkey): { id: string; transports: string[] } {
  return { id, transports: transports.split(',').filter(Boolean) };
}

/** The challenge of WebAuthn is made of ours, so that an answer is good for one of ours alone. */
function bytesOf(challenge: string): Buffer<ArrayBuffer> {
  return Buffer.from(createHash('sha256').update(challenge).digest());
}

/** The 16 bytes of the id: nothing that tells who it is (WebAuthn L3, section 14.6.1). */
function userHandleOf(userId: string): Buffer<ArrayBuffer> {
  return Buffer.from(userId.replaceAll('-', ''), 'hex');
}
