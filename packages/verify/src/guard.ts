import { Refused, Unavailable } from './errors.ts';
import { bearerToken, type Principal } from './token.ts';
import type { Verifier } from './verifier.ts';

/** What a refused request is answered, in the envelope and with the numbers of Gatehouse. */
export interface Answer {
  readonly status: 401 | 403 | 503;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: { readonly code: number; readonly data: null; readonly msg: string };
}

export async function authenticate(verifier: Verifier, rawHeaders: readonly string[]): Promise<Principal> {
  return verifier.verify(bearerToken(rawHeaders));
}

/** @throws {Refused} unless the caller holds all of them */
export async function authorize(
  verifier: Verifier,
  principal: Principal,
  codes: readonly string[],
): Promise<void> {
  const held = await verifier.permissions(principal);
  if (!codes.every((code) => held.has(code))) throw new Refused('insufficient_scope');
}

/** @returns undefined for what is no refusal but a mistake, which the framework reports as it does others */
export function answerTo(error: unknown): Answer | undefined {
  if (error instanceof Unavailable) {
    const headers = { 'retry-after': String(error.retryAfter) };
    return answer(
      503,
      headers,
      10010,
      'The service is not available at the moment. Please try again shortly.',
    );
  }
  if (!(error instanceof Refused)) return undefined;
  switch (error.reason) {
    case 'no_token':
      return answer(401, { 'www-authenticate': 'Bearer' }, 11002, 'Please sign in.');
    case 'invalid_token':
      return answer(401, challenge(error.reason), 11002, 'Please sign in.');
    case 'insufficient_scope':
      return answer(403, challenge(error.reason), 11004, 'You are not permitted to do this.');
  }
}

function challenge(reason: string): Record<string, string> {
  return { 'www-authenticate': `Bearer error="${reason}"` };
}

function answer(
  status: Answer['status'],
  headers: Record<string, string>,
  code: number,
  msg: string,
): Answer {
  return { status, headers, body: { code, data: null, msg } };
}

/** A request that was let in, as its later guards find it. */
export interface Admitted<Refuse> {
  readonly verifier: Verifier;
  readonly principal: Principal;
  /** Answers this very request. */
  readonly refuse: Refuse;
}

/** Kept beside the requests and not on them, so that nothing else can put a principal there. */
export class AdmittedRequests<Refuse> {
  private readonly requests = new WeakMap<object, Admitted<Refuse>>();

  add(request: object, admitted: Admitted<Refuse>): void {
    this.requests.set(request, admitted);
  }

  get(request: object): Admitted<Refuse> {
    const admitted = this.requests.get(request);
    if (admitted === undefined) throw new Error('No guard of Gatehouse admitted this request.');
    return admitted;
  }
}
