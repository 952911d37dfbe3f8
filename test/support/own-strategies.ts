import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import passport from 'passport';
import { AccessTokenStrategy } from '../../src/auth/access-token.strategy.ts';
import { LocalStrategy } from '../../src/auth/local.strategy.ts';

const strategiesOfApps = new WeakMap<object, ReadonlyMap<string, passport.Strategy>>();

/** Stands in Passport's registry in place of a strategy, and hands each request to the strategy of its own app. */
class StrategyOfApp extends passport.Strategy {
  constructor(override readonly name: string) {
    super();
  }

  override authenticate(request: unknown, options?: unknown): void {
    const { server } = request as { server: object };
    const own = strategiesOfApps.get(server)?.get(this.name);
    if (own === undefined) throw new Error(`This app has no strategy ${this.name}.`);
    // Passport has made `this` for the request alone, and has put the callbacks of the request on it.
    Object.setPrototypeOf(this, own);
    this.authenticate(request, options);
  }
}

/**
 * Passport keeps the strategies of a process by their names, so that a second app in it would serve the requests of
 * the first. A program has one app; tests that start several call this for each.
 */
export function useOwnStrategies(app: NestFastifyApplication): void {
  const strategies = new Map<string, passport.Strategy>([
    ['local', app.get(LocalStrategy)],
    ['access-token', app.get(AccessTokenStrategy)],
  ]);
  strategiesOfApps.set(app.getHttpAdapter().getInstance(), strategies);
  for (const name of strategies.keys()) passport.use(name, new StrategyOfApp(name));
}
