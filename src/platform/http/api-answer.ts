import { applyDecorators, SetMetadata, type Type } from '@nestjs/common';
import { ApiExtraModels, ApiProperty } from '@nestjs/swagger';

/** The documented success of a route. */
export interface Answer extends AnswerOptions {
  /** The class that describes the whole envelope. */
  readonly envelope: Type;
}

export interface AnswerOptions {
  /** An example of `data`; by default it is put together from the examples of the class. */
  readonly example?: unknown;
  readonly description?: string;
  /** `false` for the rare route that can answer without the database. */
  readonly usesDatabase?: boolean;
}

const ANSWER = Symbol('gatehouse:answer');

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
    SetMetadata(ANSWER, { ...options, envelope } satisfies Answer),
  );
}

/** What `@ApiAnswer` says about a route; `undefined` where it stands outside the envelope. */
export function answerOf(handler: object): Answer | undefined {
  return Reflect.getMetadata(ANSWER, handler);
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
