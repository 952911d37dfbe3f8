import { createHash, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';

/** What the authenticator says other than it should. */
export interface Twist {
  /** Fields of `clientDataJSON`; undefined takes one away. */
  readonly client?: Readonly<Record<string, unknown>>;
  /** The flags byte: 1 present, 4 verified, 8 may have copies, 16 has them. */
  readonly flags?: number;
  readonly rpId?: string;
  readonly counter?: number;
  /** COSE's number of the algorithm. */
  readonly alg?: number;
  readonly fmt?: string;
  /** In CBOR. */
  readonly attStmt?: Buffer;
  /** In place of the whole attestation object or of the signature. */
  readonly attestationObject?: Buffer;
  readonly signature?: Buffer;
  /** In base64url. */
  readonly userHandle?: string;
}

interface Options {
  readonly challenge: string;
  readonly origin: string;
  readonly rpId: string;
}

const PRESENT_AND_VERIFIED = 5;
const ATTESTED = 64;
const MAP_OF_3 = Buffer.from([0xa3]);

export type Algorithm = 'ES256' | 'EdDSA' | 'RS256';

/** One passkey in software, as a browser and its authenticator would show it. */
export class SoftwareAuthenticator {
  private readonly keys: { readonly publicKey: KeyObject; readonly privateKey: KeyObject };

  constructor(
    private readonly userId: string,
    readonly id: Buffer = randomBytes(16),
    private readonly algorithm: Algorithm = 'ES256',
  ) {
    this.keys = keysFor(algorithm);
  }

  get credentialId(): string {
    return this.id.toString('base64url');
  }

  create(options: Options, twist: Twist = {}) {
    const clientDataJSON = this.clientData('webauthn.create', options, twist);
    const length = Buffer.from([this.id.length >> 8, this.id.length & 255]);
    const attested = Buffer.concat([Buffer.alloc(16), length, this.id, this.publicKey(twist.alg)]);
    const authData = Buffer.concat([this.authData(options, twist, ATTESTED), attested]);
    const { fmt = 'none', attStmt = Buffer.from([0xa0]) } = twist;
    const statement = [cborText('fmt'), cborText(fmt), cborText('attStmt'), attStmt];
    const object = Buffer.concat([MAP_OF_3, ...statement, cborText('authData'), cborBytes(authData)]);
    const attestationObject = (twist.attestationObject ?? object).toString('base64url');
    return this.credential({ clientDataJSON, attestationObject, transports: ['internal'] });
  }

  get(options: Options, twist: Twist = {}) {
    const clientDataJSON = this.clientData('webauthn.get', options, twist);
    const authData = this.authData(options, twist, 0);
    const hash = createHash('sha256').update(Buffer.from(clientDataJSON, 'base64url')).digest();
    const signature = twist.signature ?? this.sign(Buffer.concat([authData, hash]));
    return this.credential({
      clientDataJSON,
      authenticatorData: authData.toString('base64url'),
      signature: signature.toString('base64url'),
      userHandle: twist.userHandle ?? handleOf(this.userId),
    });
  }

  /** With what browsers add. */
  private credential<T extends object>(response: T) {
    const extras = {
      clientExtensionResults: { credProps: { rk: true } },
      authenticatorAttachment: 'platform',
    };
    const { credentialId: id } = this;
    return {
      id,
      rawId: id,
      type: 'public-key',
      response: { ...response, publicKeyAlgorithm: -7 },
      ...extras,
    };
  }

  private clientData(type: string, { challenge, origin }: Options, { client }: Twist): string {
    const data = { type, challenge, origin, crossOrigin: false, ...client };
    return Buffer.from(JSON.stringify(data)).toString('base64url');
  }

  private authData({ rpId }: Options, twist: Twist, added: number): Buffer {
    const { flags = PRESENT_AND_VERIFIED, counter = 0 } = twist;
    const rest = Buffer.alloc(5);
    rest.writeUInt8(flags | added);
    rest.writeUInt32BE(counter, 1);
    return Buffer.concat([
      createHash('sha256')
        .update(twist.rpId ?? rpId)
        .digest(),
      rest,
    ]);
  }

  private sign(data: Buffer): Buffer {
    return sign(this.algorithm === 'EdDSA' ? null : 'sha256', data, this.keys.privateKey);
  }

  /** In COSE (RFC 9053): the kind of the key and its algorithm, and then its parts under -1, -2 and -3. */
  private publicKey(alg?: number): Buffer {
    const jwk = this.keys.publicKey.export({ format: 'jwk' });
    const part = (value: unknown) => cborBytes(Buffer.from(String(value), 'base64url'));
    const key = (kind: number, algorithm: number, parts: readonly Buffer[]) => {
      const labelled = parts.flatMap((one, index) => [Buffer.from([0x20 + index]), one]);
      const head = Buffer.from([0xa2 + parts.length, 0x01, kind, 0x03]);
      return Buffer.concat([head, cborNegative(alg ?? algorithm), ...labelled]);
    };
    switch (this.algorithm) {
      case 'ES256':
        return key(2, -7, [Buffer.from([1]), part(jwk.x), part(jwk.y)]);
      case 'EdDSA':
        return key(1, -8, [Buffer.from([6]), part(jwk.x)]);
      case 'RS256':
        return key(3, -257, [part(jwk.n), part(jwk.e)]);
    }
  }
}

function keysFor(algorithm: Algorithm) {
  switch (algorithm) {
    case 'ES256':
      return generateKeyPairSync('ec', { namedCurve: 'P-256' });
    case 'EdDSA':
      return generateKeyPairSync('ed25519');
    case 'RS256':
      return generateKeyPairSync('rsa', { modulusLength: 2048 });
  }
}

/** The 16 bytes of a user's id, in base64url. */
export function handleOf(userId: string): string {
  return Buffer.from(userId.replaceAll('-', ''), 'hex').toString('base64url');
}

function cborText(text: string): Buffer {
  return Buffer.concat([cborHead(0x60, text.length), Buffer.from(text)]);
}

function cborBytes(bytes: Buffer): Buffer {
  return Buffer.concat([cborHead(0x40, bytes.length), bytes]);
}

function cborNegative(value: number): Buffer {
  return cborHead(0x20, -1 - value);
}

function cborHead(major: number, value: number): Buffer {
  if (value < 24) return Buffer.from([major | value]);
  return value < 256 ? Buffer.from([major | 24, value]) : Buffer.from([major | 25, value >> 8, value & 255]);
}
