import { applyDecorators, HttpCode, type Type } from '@nestjs/common';
import { ApiExtraModels, ApiProperty, ApiResponse, getSchemaPath } from '@nestjs/swagger';

/** One named envelope class per kind of data, so that generated clients get a name and not an anonymous shape. */
const envelopes = new Map<Type, Type>();

function envelopeClass(data: Type): Type {
  const known = envelopes.get(data);
  if (known) return known;
  class Envelope {
    @ApiProperty({ enum: [0], example: 0, description: '0: success.' })
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
export class EmptyEnvelope {
  @ApiProperty({ enum: [0], example: 0, description: '0: success.' })
  code!: number;

  @ApiProperty({ type: 'null', example: null })
  data!: null;

  @ApiProperty({ example: 'ok' })
  msg!: string;
}

/** Documents the success of a route in its envelope and sets its status: 200, or 201 where something is created. */
export function ApiAnswer(data: Type | null, { status = 200 }: { status?: 200 | 201 } = {}): MethodDecorator {
  const envelope = data === null ? EmptyEnvelope : envelopeClass(data);
  return applyDecorators(
    HttpCode(status),
    ApiExtraModels(envelope),
    ApiResponse({ status, description: 'Success', schema: { $ref: getSchemaPath(envelope) } }),
  );
}
