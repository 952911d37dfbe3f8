import { Injectable, type ArgumentMetadata, type PipeTransform, type Type } from '@nestjs/common';
import { plainToInstance } from 'class-transformer';
import { PlatformErrors, refuse } from '../errors/platform-errors.js';
import { isPlainObject } from '../plain-object.js';
import { ClassRules } from './class-rules.js';
import { UnreadableBody } from './json-body.js';

/** Checks each declared body and query string against the decorators of its class, before the controller sees it. */
@Injectable()
export class ValidationPipe implements PipeTransform {
  transform(value: unknown, { type, metatype }: ArgumentMetadata): unknown {
    if (type !== 'body' && type !== 'query') return value;
    // Input without a class would pass unchecked: `import type` on a request class does that, silently.
    if (metatype === undefined || metatype === Object)
      throw new Error(`A route declares a ${type} without a class.`);
    return type === 'body' ? validated(metatype, value) : readQuery(metatype, value);
  }
}

/**
 * Checks a body as it stands; nothing is coerced. A guard that needs the body calls this itself, because guards run
 * before pipes, and leaves the result in the request: an instance of the class is not checked again.
 *
 * @returns an instance that holds exactly the given fields
 * @throws PlatformErrors.invalidRequest with one violation for each refused field, or why the body could not be read
 */
export function validated<T extends object>(type: Type<T>, body: unknown): T {
  if (body instanceof type) return body;
  if (body instanceof UnreadableBody) throw body.failure;
  if (!isPlainObject(body))
    throw PlatformErrors.invalidRequest({ violations: [{ field: '', rule: 'body' }] });
  const rules = ClassRules.of(type);
  refuse([...rules.unknown(body), ...rules.broken(body)]);
  return Object.assign(new type(), body);
}

/**
 * Reads a query string: each value becomes what its class declares it to be, an absent one the default.
 *
 * @throws PlatformErrors.invalidRequest with one violation for each refused parameter
 */
function readQuery<T extends object>(type: Type<T>, parameters: unknown): T {
  const rules = ClassRules.of(type);
  const given: Record<string, unknown> = { ...Object(parameters) };
  const query = plainToInstance(type, given);
  const repeated = Object.keys(given).filter((name) => rules.has(name) && Array.isArray(given[name]));
  refuse([
    ...rules.unknown(given),
    ...repeated.map((field) => ({ field, rule: 'repeated' })),
    ...rules.broken(query).filter(({ field }) => !repeated.includes(field)),
  ]);
  return query;
}
