import { readFileSync } from 'node:fs';
import { Ajv2020, type AnySchema } from 'ajv/dist/2020.js';
import { parse } from 'yaml';
import { z } from 'zod';

/** One call and its answer, as they went over the wire. */
export interface Exchange {
  readonly method: string;
  /** With or without a query string. */
  readonly path: string;
  /** What was sent as JSON, if anything. */
  readonly body?: unknown;
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

const Ref = z.object({ $ref: z.string() });
const Named = z.object({ name: z.string(), required: z.boolean().optional() });
const Header = z.object({ required: z.boolean().default(false), schema: z.record(z.string(), z.unknown()) });
const Media = z.object({
  schema: z.unknown().optional(),
  example: z.unknown().optional(),
  examples: z.record(z.string(), z.unknown()).optional(),
});
const Response = z.object({
  headers: z.record(z.string(), z.unknown()).default({}),
  content: z.record(z.string(), Media).optional(),
});
const Operation = z.object({
  operationId: z.string(),
  parameters: z.array(Named).default([]),
  requestBody: z.object({ content: z.record(z.string(), Media) }).optional(),
  responses: z.record(z.string(), z.unknown()),
});
const Document = z.object({
  paths: z.record(z.string(), z.record(z.string(), Operation)),
  components: z.looseObject({ schemas: z.record(z.string(), z.unknown()) }),
});
const Failed = z.object({ code: z.int() });

type Operation = z.infer<typeof Operation>;
type Media = z.infer<typeof Media>;

const DOCUMENT = 'document';

/** The committed document, which `npm run check` holds equal to what the build says. */
export const documented = Document.parse(
  parse(readFileSync(new URL('../../openapi.yaml', import.meta.url), 'utf8')),
);

const ajv = new Ajv2020({ strict: false, allErrors: true });
ajv.addFormat('uuid', /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
ajv.addFormat('date-time', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
ajv.addFormat('password', true);
// A client must live with fields that it does not know; we must not send any that we do not document.
ajv.addSchema({ components: { schemas: closed(documented.components.schemas) } }, DOCUMENT);

/** What the router answers where no documented operation stands. */
const UNROUTED = new Map([
  [404, 10003],
  [405, 10004],
]);

/** Fails a test whose call got an answer that openapi.yaml does not describe: status, code, body and headers. */
export function expectDocumented(exchange: Exchange): void {
  const fault = faultOf(exchange);
  if (fault === undefined) return;
  const { method, path, status, text } = exchange;
  throw new Error(
    `${method} ${path} answered ${status} ${text.slice(0, 500)}\nagainst openapi.yaml: ${fault}`,
  );
}

function faultOf(exchange: Exchange): string | undefined {
  const { method, path, status } = exchange;
  // A preflight is the browser's own question.
  if (method === 'OPTIONS' && status === 204) return undefined;
  const operation = operationFor(method === 'HEAD' ? 'GET' : method, path);
  if (operation !== undefined)
    return faultOfAnswer(operation, exchange) ?? faultOfRequest(operation, exchange);
  if (method === 'HEAD' && status === 405) return undefined;
  if (UNROUTED.has(status) && codeOf(exchange.text) === UNROUTED.get(status)) {
    return mismatch({ $ref: '#/components/schemas/Failure' }, JSON.parse(exchange.text));
  }
  const refusal = faultOfAnswer({ operationId: '', parameters: [], responses: REFUSED }, exchange);
  return (
    refusal && `there is no operation ${method} ${path.split('?', 1)[0]}; run "npm run docs" if it is new`
  );
}

const REFUSED = { default: { $ref: '#/components/responses/HttpRefusal' } };

function faultOfAnswer(
  { responses }: Operation,
  { method, status, headers, text }: Exchange,
): string | undefined {
  const found = responses[String(status)] ?? responses['default'];
  if (found === undefined) return `the status ${status} is not documented`;
  const response = Response.parse(resolved(found));
  for (const [name, header] of Object.entries(response.headers)) {
    const fault = faultOfHeader(Header.parse(resolved(header)), headers[name.toLowerCase()]);
    if (fault !== undefined) return `header ${name}: ${fault}`;
  }
  if (method === 'HEAD') return undefined;
  if (response.content === undefined) return text === '' ? undefined : 'no body is documented';
  const type = String(headers['content-type']).split(';', 1)[0] ?? '';
  const media = response.content[type];
  if (media === undefined) return `the type ${type} is not documented for ${status}`;
  return type === 'application/json' ? faultOfBody(media, text) : undefined;
}

function faultOfBody({ schema, examples }: Media, text: string): string | undefined {
  const code = codeOf(text);
  // Failures of one status share a schema, so their codes are compared with the examples.
  if (examples !== undefined && code !== undefined && code !== 0) {
    const codes = Object.values(examples).map(
      (example) => z.object({ value: Failed }).parse(resolved(example)).value.code,
    );
    if (!codes.includes(code))
      return `the code ${code} is not among ${codes.join(', ')}; name it with @ApiFailures`;
  }
  return mismatch(schema, JSON.parse(text));
}

/** What the service accepts, the document must accept too. */
function faultOfRequest({ requestBody }: Operation, { body, status }: Exchange): string | undefined {
  if (status >= 300 || body === undefined || typeof body === 'string' || Buffer.isBuffer(body))
    return undefined;
  const media = requestBody?.content['application/json'];
  if (media === undefined) return 'the request has a body that is not documented';
  const fault = mismatch(media.schema, body);
  return fault && `the request was accepted, but ${fault}`;
}

function faultOfHeader({ required, schema }: z.infer<typeof Header>, value: unknown): string | undefined {
  if (value === undefined) return required ? 'is missing' : undefined;
  return mismatch(schema, schema['type'] === 'integer' ? Number(value) : value);
}

/** Literal paths come before templates, as in the router. */
export function operationFor(method: string, path: string): Operation | undefined {
  const segments = path.split('?', 1)[0]?.split('/') ?? [];
  const fitting = Object.entries(documented.paths)
    .filter(([template]) => fits(template.split('/'), segments))
    .sort(([a], [b]) => a.split('{').length - b.split('{').length);
  return fitting.map(([, item]) => item[method.toLowerCase()]).find((operation) => operation !== undefined);
}

function fits(template: readonly string[], segments: readonly string[]): boolean {
  return (
    template.length === segments.length &&
    template.every((part, index) =>
      part.startsWith('{') ? segments[index] !== '' : part === segments[index],
    )
  );
}

function mismatch(schema: unknown, value: unknown): string | undefined {
  const anchored = JSON.stringify(schema ?? {}).replaceAll('"#/', `"${DOCUMENT}#/`);
  const validate = validators.get(anchored) ?? ajv.compile(JSON.parse(anchored) as AnySchema);
  validators.set(anchored, validate);
  return validate(value) ? undefined : ajv.errorsText(validate.errors, { dataVar: 'body' });
}

const validators = new Map<string, ReturnType<typeof ajv.compile>>();

function codeOf(text: string): number | undefined {
  try {
    return Failed.parse(JSON.parse(text)).code;
  } catch {
    return undefined;
  }
}

function resolved(part: unknown): unknown {
  const ref = Ref.safeParse(part);
  if (!ref.success) return part;
  let found: unknown = documented;
  for (const key of ref.data.$ref.slice(2).split('/'))
    found = z.record(z.string(), z.unknown()).parse(found)[key];
  return resolved(found);
}

/** The schemas with every object closed. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (schema === null || typeof schema !== 'object') return schema;
  const parts = Object.fromEntries(Object.entries(schema).map(([name, part]) => [name, closed(part)]));
  return 'properties' in parts && parts['type'] === 'object'
    ? { additionalProperties: false, ...parts }
    : parts;
}
