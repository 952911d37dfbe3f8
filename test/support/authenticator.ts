import type { CDPSession, Page } from 'playwright-core';

/** The authenticator of a browser's page, over the protocol of Chromium's developer tools. */
export class VirtualAuthenticator {
  private constructor(
    private readonly session: CDPSession,
    private readonly authenticatorId: string,
  ) {}

  /** Built into the device, as in a phone: it keeps passkeys, and its person is there and verified. */
  static async of(page: Page): Promise<VirtualAuthenticator> {
    const session = await page.context().newCDPSession(page);
    await session.send('WebAuthn.enable');
    const { authenticatorId } = await session.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        protocol: 'ctap2',
        ctap2Version: 'ctap2_1',
        transport: 'internal',
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
      },
    });
    return new VirtualAuthenticator(session, authenticatorId);
  }

  /** Whether it recognises its person. */
  async setUserVerified(isUserVerified: boolean): Promise<void> {
    const { session, authenticatorId } = this;
    await session.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified });
  }

  /** What it says other than what it has done. */
  async lie(bits: {
    readonly isBadUV?: boolean;
    readonly isBadUP?: boolean;
    readonly isBogusSignature?: boolean;
  }): Promise<void> {
    const { session, authenticatorId } = this;
    const truth = { isBadUV: false, isBadUP: false, isBogusSignature: false };
    await session.send('WebAuthn.setResponseOverrideBits', { authenticatorId, ...truth, ...bits });
  }

  async credentials(): Promise<ReadonlyArray<{ readonly userHandle?: string; readonly rpId?: string }>> {
    const { session, authenticatorId } = this;
    return (await session.send('WebAuthn.getCredentials', { authenticatorId })).credentials;
  }
}

/** Makes a passkey as a page does that knows the specification, and nothing of us. */
export async function createOn(page: Page, options: object): Promise<object> {
  return page.evaluate(`(async () => {
    const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(${JSON.stringify(options)});
    return (await navigator.credentials.create({ publicKey })).toJSON();
  })()`);
}

/** Uses a passkey on a page. */
export async function getOn(page: Page, options: object): Promise<object> {
  return page.evaluate(`(async () => {
    const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(${JSON.stringify(options)});
    return (await navigator.credentials.get({ publicKey })).toJSON();
  })()`);
}
