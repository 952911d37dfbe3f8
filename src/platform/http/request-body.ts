import 'reflect-metadata';
import { getMetadataStorage, validateSync, type ValidationError } from 'class-validator';
import type { Violation } from '../errors/app-error.js';
import { PlatformErrors } from '../errors/platform-errors.js';

type RequestClass<T extends object> = new () => T;

/** The fields that a request class declares, learnt once from its validation rules. */
const declaredFields = new WeakMap<object, ReadonlySet<string>>();

/**
 * Checks input against the rules of its class and nothing else: types are never coerced, unknown fields are
 * refused under whatever name (`__proto__` and `constructor` too), and absent means absent.
 *
 * @returns an instance that holds exactly the given fields
 * @throws AppError 10001 with one violation for each refused field
 */
export function validated<T extends object>(type: RequestClass<T>, input: unknown): T {
  if (input === null || typeof input !== 'object' || Array.isArray(input)) {
    throw PlatformErrors.invalidRequest({ violations: [{ field: '', rule: 'body' }] });
  }
  const fields = fieldsOf(type);
  const violations: Violation[] = [];
  const instance = new type();
  for (const [field, value] of Object.entries(input)) {
    if (fields.has(field)) Object.assign(instance, { [field]: value });
    else violations.push({ field, rule: 'unknown' });
  }
  for (const error of validateSync(instance, { stopAtFirstError: true })) violations.push(violationOf(error));
  if (violations.length > 0) throw PlatformErrors.invalidRequest({ violations });
  return instance;
}

function fieldsOf(type: RequestClass<object>): ReadonlySet<string> {
  let fields = declaredFields.get(type);
  if (fields === undefined) {
    const rules = getMetadataStorage().getTargetValidationMetadatas(type, '', true, false);
    fields = new Set(rules.map((rule) => rule.propertyName));
    declaredFields.set(type, fields);
  }
  return fields;
}

function violationOf({ property, constraints = {}, contexts = {} }: ValidationError): Violation {
  const rule = Object.keys(constraints)[0] ?? 'body';
  return { field: property, rule, params: contexts[rule] };
}
