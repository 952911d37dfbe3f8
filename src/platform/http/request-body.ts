import type { Violation } from '../errors/app-error.js';
import { PlatformErrors } from '../errors/platform-errors.js';
import { DeclaredFields } from './declared-fields.js';
import { UnreadableBody } from './json-body.js';

/** Why a value was refused: a locale key, with what its text needs. */
export type Refusal = Pick<Violation, 'rule' | 'params'>;

interface BodyField {
  readonly optional: boolean;
  /** Why this cannot be the value; undefined when it can. */
  readonly refusalOf: (value: unknown) => Refusal | undefined;
}

const declared = new DeclaredFields<BodyField>();

/** Declares a field of a request class by what its value must be. */
export function bodyField(field: BodyField): PropertyDecorator {
  return declared.decorator(field);
}

/**
 * Checks input against the rules of its class and nothing else: types are never coerced, unknown fields are
 * refused under whatever name (`__proto__` and `constructor` too), and absent means absent.
 *
 * @returns an instance that holds exactly the given fields
 * @throws AppError 10001 with one violation for each refused field, or why the body could not be read
 */
export function validated<T extends object>(type: new () => T, input: unknown): T {
  if (input instanceof UnreadableBody) throw input.failure;
  if (input === null || typeof input !== 'object' || Array.isArray(input)) {
    throw PlatformErrors.invalidRequest({ violations: [{ field: '', rule: 'body' }] });
  }
  const fields = declared.of(type);
  const given = new Map<string, unknown>(Object.entries(input));
  const violations: Violation[] = [];
  const body = new type();
  for (const field of given.keys()) {
    if (!fields.has(field)) violations.push({ field, rule: 'unknown' });
  }
  for (const [field, { optional, refusalOf }] of fields) {
    const value = given.get(field);
    if (value === undefined && optional) continue;
    const refusal = value === undefined ? { rule: 'required' } : refusalOf(value);
    if (refusal !== undefined) violations.push({ field, ...refusal });
    else Object.assign(body, { [field]: value });
  }
  if (violations.length > 0) throw PlatformErrors.invalidRequest({ violations });
  return body;
}
