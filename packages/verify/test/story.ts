import { expect } from 'vitest';
import { createVerifier, type VerifierOptions } from '../src/index.ts';
import { ask, FRAMEWORKS, type Service } from './services.ts';

/** A Gatehouse, and what its people do there. Behind it stands the real one or the stand-in. */
export interface World {
  readonly verifier: Pick<VerifierOptions, 'url' | 'issuer' | 'audience' | 'key' | 'application'>;
  /** A new user with these permissions of the application, signed in. */
  signIn(codes: readonly string[]): Promise<Caller>;
  end(caller: Caller): Promise<void>;
  permit(caller: Caller, codes: readonly string[]): Promise<void>;
}

export interface Caller {
  readonly userId: string;
  readonly sessionId: string;
  readonly token: string;
}

const SECONDS_2 = { timeout: 2_000, interval: 10 };

/**
 * One verifier behind Express, Fastify and Nest: who is let in, and that an ended session and a change of permissions are
 * known within two seconds on each.
 *
 * @returns the milliseconds that each change took
 */
export async function tellStory(world: World): Promise<number[]> {
  const verifier = createVerifier({ ...world.verifier, changes: true });
  const services = await Promise.all(Object.values(FRAMEWORKS).map((serve) => serve(verifier)));
  const took: number[] = [];
  /** On all of them, measured from before the change was made. */
  const within = async (change: () => Promise<void>, settled: (service: Service) => Promise<void>) => {
    const began = performance.now();
    await change();
    await Promise.all(services.map(settled));
    took.push(Math.round(performance.now() - began));
  };
  try {
    const ann = await world.signIn(['orders:read']);
    const bob = await world.signIn([]);
    for (const service of services) {
      const { name } = service;
      expect(await ask(service, '/open'), name).toMatchObject({ status: 200 });
      const nobody = { status: 401, code: 11002, challenge: 'Bearer' };
      expect(await ask(service, '/me'), name).toMatchObject(nobody);
      const invalid = { status: 401, code: 11002, challenge: 'Bearer error="invalid_token"' };
      expect(await ask(service, '/orders', `${ann.token}x`), name).toMatchObject(invalid);
      const denied = { status: 403, code: 11004, challenge: 'Bearer error="insufficient_scope"' };
      expect(await ask(service, '/orders', bob.token), name).toMatchObject(denied);
      expect(await ask(service, '/refunds', ann.token), name).toMatchObject(denied);
      expect(await ask(service, '/me', bob.token), name).toMatchObject({ status: 200, userId: bob.userId });
      expect(await ask(service, '/orders', ann.token), name).toMatchObject({
        status: 200,
        userId: ann.userId,
      });
    }

    const becomes = (caller: Caller, status: number) => async (service: Service) => {
      const asked = () => ask(service, '/orders', caller.token).then((told) => told.status);
      await expect.poll(asked, { ...SECONDS_2, message: service.name }).toBe(status);
    };
    await within(() => world.permit(bob, ['orders:read']), becomes(bob, 200));
    await within(() => world.permit(ann, []), becomes(ann, 403));
    await within(() => world.permit(ann, ['orders:read']), becomes(ann, 200));
    await within(() => world.end(ann), becomes(ann, 401));
    for (const service of services)
      expect(await ask(service, '/orders', bob.token)).toMatchObject({ status: 200 });
    expect(verifier.blindSeconds).toBe(0);
    return took;
  } finally {
    verifier.close();
    await Promise.all(services.map((service) => service.close()));
  }
}
