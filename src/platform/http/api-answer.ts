import { applyDecorators, type Type } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { ApiExtraModels, ApiProperty } from '@nestjs/swagger';
import type { AppError, AppErrorDetails } from '../errors/app-error.js';
import { RevisionTag, WeakTag } from './entity-tag.js';

/** The documented success of a route. */
export interface Answer extends AnswerOptions {
  /** The class that describes the whole envelope. */
  readonly envelope: Type;
}

export interface AnswerOptions {
  /** `false` for the rare route that can answer without the database. */
  readonly usesDatabase?: boolean;
  /** Whether it has an `ETag`, made of the `revision` of its data. */
  readonly entityTag?: boolean;
  /** Whether it has a weak `ETag`, and who knows it already gets a 304. */
  readonly weakTag?: boolean;
}

/** A failure by its constant, or made with the details that its example should show. */
export type DocumentedFailure = AppError | ((details?: AppErrorDetails) => AppError);

/** What `@ApiAnswer` says about a route; one without it answers outside the envelope. */
export const DocumentedAnswer = Reflector.createDecorator<Answer>();

/** What `@ApiFailures` names on a handler or on a controller. */
export const DocumentedFailures = Reflector.createDecorator<readonly DocumentedFailure[]>();

/**
 * Names the failures of a route's own, or of every route of a controller. What any route of its kind can answer is
 * derived and never named: a request that is not valid, no access token, a missing permission, a dependency that is
 * down.
 */
export const ApiFailures = (...failures: readonly DocumentedFailure[]) => DocumentedFailures(failures);

/**
 * Documents the success of a route in its envelope, under the status that the route has. The failures are derived from
 * what the route is and takes; name those of its own with `@ApiFailures`.
 *
 * @param data the class of `data`, or `null` where there is nothing to tell
 */
export function ApiAnswer(data: Type | null, options: AnswerOptions = {}): MethodDecorator {
  const envelope = envelopes.get(data) ?? envelopeClass(data);
  envelopes.set(data, envelope);
  return applyDecorators(
    ApiExtraModels(envelope),
    DocumentedAnswer({ ...options, envelope }),
    ...(options.entityTag === true ? [RevisionTag()] : []),
    ...(options.weakTag === true ? [WeakTag()] : []),
  );
}

/** One named class per kind of data, so that generated clients get a name and not an anonymous shape. */
const envelopes = new Map<Type | null, Type>();

function envelopeClass(data: Type | null): Type {
  class Envelope {
    @ApiProperty({ type: 'integer', enum: [0], example: 0, description: '0: success.' })
    code!: number;

    @ApiProperty(data === null ? { type: 'null', example: null } : { type: () => data })
    data!: unknown;

    @ApiProperty({ example: 'ok' })
    msg!: string;
  }
  const name = data === null ? 'Empty' : data.name.replace(/Response$/, '');
  Object.defineProperty(Envelope, 'name', { value: `${name}Envelope` });
  return Envelope;
}
