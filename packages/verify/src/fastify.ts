import type { FastifyReply, FastifyRequest } from 'fastify';
import { AdmittedRequests, answerTo, authenticate, authorize, type Answer } from './guard.ts';
import type { Principal } from './token.ts';
import type { Verifier } from './verifier.ts';

export interface FastifyOptions {
  /** Answers a refused request in place of the envelope. */
  readonly answer?: (answer: Answer, request: FastifyRequest, reply: FastifyReply) => unknown;
}

type Hook = (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>;

/** The `config` of a guarded route: what it requires. */
export interface GuardedConfig {
  readonly gatehouse: readonly string[];
}

/** Options of a guarded route. */
export interface Guarded {
  readonly onRequest: (request: object) => Promise<unknown>;
  readonly config: GuardedConfig;
}

const admitted = new AdmittedRequests<(error: unknown) => unknown>();

/** A hook that lets in whoever brings a valid access token: `app.addHook('onRequest', gatehouseAuth(verifier))`. */
export function gatehouseAuth(verifier: Verifier, options: FastifyOptions = {}): Hook {
  return async (request, reply) => {
    const refuse = (error: unknown): unknown => {
      const answer = answerTo(error);
      if (answer === undefined) throw error;
      if (options.answer) return options.answer(answer, request, reply);
      return reply.code(answer.status).headers(answer.headers).send(answer.body);
    };
    try {
      const principal = await authenticate(verifier, request.raw.rawHeaders);
      admitted.add(request, { verifier, principal, refuse });
    } catch (error) {
      return refuse(error);
    }
  };
}

/**
 * Options for a route that only holders of all these permissions may call. Comes after the hook of `gatehouseAuth`.
 * It acts before the body is read, so that nobody learns what a route expects who may not call it.
 */
export function requirePermission(...codes: readonly [string, ...string[]]): Guarded {
  const onRequest = async (request: object): Promise<unknown> => {
    const { verifier, principal, refuse } = admitted.get(request);
    try {
      await authorize(verifier, principal, codes);
    } catch (error) {
      return refuse(error);
    }
  };
  return { onRequest, config: { gatehouse: codes } };
}

/** For routes that are open to all who are signed in: says so, and gives the route its principal. */
export function signedIn(): Guarded {
  return { onRequest: async (request) => void admitted.get(request), config: { gatehouse: [] } };
}

/**
 * Who calls. Compiles on a guarded route only. A route that names its types must name this one too:
 * `app.get<{ Params: { id: string } }, GuardedConfig>(…)`.
 */
export function principalOf(request: {
  readonly routeOptions: { readonly config: GuardedConfig };
}): Principal {
  return admitted.get(request).principal;
}
