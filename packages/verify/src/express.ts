import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { AdmittedRequests, answerTo, authenticate, authorize, type Answer } from './guard.ts';
import type { Principal } from './token.ts';
import type { Verifier } from './verifier.ts';

export interface ExpressOptions {
  /** Answers a refused request in place of the envelope. */
  readonly answer?: (answer: Answer, request: Request, response: Response) => void;
}

/** What only a guard puts into the types of a route; at run time there is nothing of that name. */
interface Guarded {
  readonly locals: { readonly principal: Principal };
}

/** As little of Express's types as can be said, so that a route still infers its parameters. */
type Guard = (request: object, response: object & Guarded, next: NextFunction) => void | Promise<void>;

const admitted = new AdmittedRequests<(error: unknown, next: NextFunction) => void>();

/** Lets in whoever brings a valid access token. What comes before it in the app stays open to all. */
export function gatehouseAuth(verifier: Verifier, options: ExpressOptions = {}): RequestHandler {
  return async (request, response, next) => {
    const refuse = (error: unknown, next: NextFunction): void => {
      const answer = answerTo(error);
      if (answer === undefined) next(error);
      else if (options.answer) options.answer(answer, request, response);
      else response.status(answer.status).set(answer.headers).json(answer.body);
    };
    try {
      const principal = await authenticate(verifier, request.rawHeaders);
      admitted.add(request, { verifier, principal, refuse });
    } catch (error) {
      return refuse(error, next);
    }
    next();
  };
}

/** Lets in whoever holds all of these permissions of the application. Comes after `gatehouseAuth`. */
export function requirePermission(...codes: readonly [string, ...string[]]): Guard {
  return async (request, _response, next) => {
    const { verifier, principal, refuse } = admitted.get(request);
    try {
      await authorize(verifier, principal, codes);
    } catch (error) {
      return refuse(error, next);
    }
    next();
  };
}

/** For routes that are open to all who are signed in: says so, and gives the route its principal. */
export function signedIn(): Guard {
  return (request, _response, next) => {
    admitted.get(request);
    next();
  };
}

/** Who calls. Compiles on a guarded route only. */
export function principalOf(request: { readonly res?: Guarded | undefined }): Principal {
  return admitted.get(request).principal;
}
