import type { FastifyInstance } from 'fastify';
import type { AppError } from '../errors/app-error.js';
import { PlatformErrors } from '../errors/platform-errors.js';

/** Remembers every route as it is registered, to tell "no such route" from "not with this method". */
export class RouteTable {
  private readonly routes = new Map<string, { readonly pattern: RegExp; readonly methods: Set<string> }>();

  install(fastify: FastifyInstance): void {
    fastify.addHook('onRoute', ({ url, method }) => {
      // Of the CORS plugin, for every address.
      if (url === '*') return;
      const route = this.routes.get(url) ?? { pattern: toPattern(url), methods: new Set() };
      for (const name of [method].flat()) route.methods.add(name);
      this.routes.set(url, route);
    });
  }

  /** Every route as it was registered. */
  all(): ReadonlyArray<{ readonly url: string; readonly methods: readonly string[] }> {
    return [...this.routes].map(([url, { methods }]) => ({ url, methods: [...methods] }));
  }

  /** The failure for a request that the router did not match. */
  failureFor(url: string): AppError {
    const path = routedPath(url);
    const allow = new Set<string>();
    for (const { pattern, methods } of this.routes.values()) {
      if (pattern.test(path)) for (const method of methods) allow.add(method);
    }
    if (allow.size === 0) return PlatformErrors.noSuchRoute();
    return PlatformErrors.methodNotAllowed({ allow: [...allow].sort() });
  }
}

/** The path as the router reads it: without the address of an absolute form, and decoded. */
function routedPath(url: string): string {
  const path = url.replace(/^https?:\/\/.*?\//, '/').split('?', 1)[0] ?? '';
  try {
    return decodeURI(path);
  } catch {
    return path;
  }
}

function toPattern(url: string): RegExp {
  const source = url
    .split('/')
    .map((segment) => {
      // The router matches no longer ones, with any method.
      if (segment.startsWith(':')) return '[^/]{1,100}';
      return segment === '*' ? '.*' : segment.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    })
    .join('/');
  return new RegExp(`^${source}$`);
}
