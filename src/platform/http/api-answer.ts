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

/** One named envelope class per kind of data, so that generated clients get a name and not an anonymous shape. */
const envelopes = new Map<Type, Type>();

/**
 * Documents the success of a route in its envelope, under the status that the route has. The failures are derived from
 * what the route is and takes; name those of its own with `@ApiFailures`.
 *
 * @param data the class of `data`, or `null` where there is nothing to tell
 */
export function ApiAnswer(data: Type | null, options: AnswerOptions = {}): MethodDecorator {
  const answer: Answer = {
    ...options,
    envelope: data === null ? EmptyEnvelope : envelopeClass(data),
  };
  return applyDecorators(ApiExtraModels(answer.envelope), SetMetadata(ANSWER, answer));
}

/** What `@ApiAnswer` says about a route; `undefined` where it stands outside the envelope. */
export function answerOf(handler: object): Answer | undefined {
  return Reflect.getMetadata(ANSWER, handler);
}

function envelopeClass(data: Type): Type {
  const known = envelopes.get(data);
  if (known) return known;
  class Envelope {
    @ApiProperty({ type: 'integer', enum: [0], example: 0, description: '0: success.' })
    code!: number;

    @ApiProperty({ type: () => data })
    data!: unknown;

    @ApiProperty({ example: 'ok' })
    msg!: string;
  }
  Object.defineProperty(Envelope, 'name', { value: `${data.name.replace(/Response$/, '')}Envelope` });
  envelopes.set(data, Envelope);
  return Envelope;
}

/** The answer of a call that has nothing to tell but that it worked. */
class EmptyEnvelope {
  @ApiProperty({ type: 'integer', enum: [0], example: 0, description: '0: success.' })
  code!: number;

  @ApiProperty({ type: 'null', example: null })
  data!: null;

  @ApiProperty({ example: 'ok' })
  msg!: string;
}
