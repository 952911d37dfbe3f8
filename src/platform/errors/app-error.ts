import { HttpException } from '@nestjs/common';

/** A refused field: where, and by which rule; `params` fill the text that the locales have for it. Never the value. */
export interface Violation {
  readonly field: string;
  readonly rule: string;
  readonly params?: Readonly<Record<string, string | number>>;
}

/** One published failure: its number in the catalogue, its HTTP status and its key in the locales. */
export interface ErrorDefinition {
  readonly code: number;
  readonly status: number;
  readonly key: string;
}

/** A rule that a value breaks. */
export type BrokenRule = Pick<Violation, 'rule' | 'params'>;

export interface AppErrorDetails {
  /** Refused fields, for 400 answers. */
  readonly violations?: readonly Violation[];
  /** Whole seconds after which a retry makes sense, for 429 and 503 answers. */
  readonly retryAfter?: number;
  /** Methods that the route has, for 405 answers. */
  readonly allow?: readonly string[];
  /** Of a sign-in that is to go on: what the next step is called with. */
  readonly challenge?: SignInChallenge;
  /** What happened, for the log only. */
  readonly reason?: string;
  readonly cause?: unknown;
}

/** What a client goes on with in a sign-in that is not done. */
export interface SignInChallenge {
  readonly challenge: string;
  readonly challenge_expires_at: string;
  /** Where a second factor is demanded: what can be shown. */
  readonly factors?: readonly string[];
  /** PublicKeyCredentialRequestOptionsJSON (WebAuthn). */
  readonly passkey?: object;
}

/** A failure that the client is told about: the definition for the client, `reason` and `cause` for the log. */
export class AppError extends HttpException {
  constructor(
    readonly definition: ErrorDefinition,
    readonly details: AppErrorDetails = {},
  ) {
    super(definition.key, definition.status, { cause: details.cause });
    this.message = details.reason ?? definition.key;
  }
}

/** Makes the error to throw, and tells whether something that was thrown is it. */
interface Failure {
  (details?: AppErrorDetails): AppError;
  describes(thrown: unknown): boolean;
}

type Factories<T> = { readonly [K in keyof T]: Failure };

const catalogue = new Map<number, ErrorDefinition>();

/**
 * Declares a module's failures, once. Each becomes a function that makes the error to throw:
 *
 *     export const UsersErrors = defineErrors('users', { notFound: [12001, 404] });
 *     throw UsersErrors.notFound();
 *
 * @throws Error when two modules claim one number
 */
export function defineErrors<const T extends Record<string, readonly [code: number, status: number]>>(
  module: string,
  members: T,
): Factories<T> {
  const factories: Record<string, Failure> = {};
  for (const [name, [code, status]] of Object.entries(members)) {
    const definition: ErrorDefinition = Object.freeze({ code, status, key: `${module}.${name}` });
    const other = catalogue.get(code);
    if (other !== undefined && other.key !== definition.key) {
      throw new Error(`Error number ${code} is claimed by ${other.key} and by ${definition.key}.`);
    }
    catalogue.set(code, definition);
    factories[name] = Object.assign((details?: AppErrorDetails) => new AppError(definition, details), {
      describes: (thrown: unknown) => thrown instanceof AppError && thrown.definition.code === code,
    });
  }
  return factories as Factories<T>;
}

/** Every failure that the loaded modules declare, by number. */
export function errorCatalogue(): ErrorDefinition[] {
  return [...catalogue.values()].sort((a, b) => a.code - b.code);
}
