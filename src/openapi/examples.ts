import type { ComponentsObject, ReferenceObject, SchemaObject } from '@nestjs/swagger';

export type Schemas = NonNullable<ComponentsObject['schemas']>;
export type AnySchema = SchemaObject | ReferenceObject;

const PREFIX = '#/components/schemas/';

/**
 * A value for a schema, put together from the examples of its parts.
 *
 * @throws Error for a part that has no example and whose value does not follow from its type
 */
export function exampleOf(schema: AnySchema, schemas: Schemas, where = ''): unknown {
  if ('$ref' in schema) return exampleOf(resolve(schema, schemas), schemas, schema.$ref);
  if (schema.example !== undefined) return schema.example;
  // How Nest writes a named schema with a description of its own.
  if (schema.allOf?.[0] !== undefined) return exampleOf(schema.allOf[0], schemas, where);
  if (schema.enum?.length === 1) return schema.enum[0];
  if (schema.properties !== undefined) {
    const parts = Object.entries(schema.properties);
    return Object.fromEntries(
      parts.map(([name, part]) => [name, exampleOf(part, schemas, `${where}.${name}`)]),
    );
  }
  if (schema.type === 'array' && schema.items !== undefined) return [exampleOf(schema.items, schemas, where)];
  if (schema.type === 'null') return null;
  throw new Error(`Give ${where} an example.`);
}

/** The schema itself, or the one that it refers to. */
export function resolve(schema: AnySchema, schemas: Schemas): SchemaObject {
  if (!('$ref' in schema)) return schema;
  const found = schemas[schema.$ref.slice(PREFIX.length)];
  if (found === undefined) throw new Error(`${schema.$ref} is not in the document.`);
  return resolve(found, schemas);
}

/** The named schemas that a part of the document is made of. */
export function schemasBelow(part: unknown, schemas: Schemas, found = new Set<SchemaObject>()) {
  for (const [, $ref = ''] of JSON.stringify(part).matchAll(/"\$ref":"(#\/components\/schemas\/[^"]+)"/g)) {
    const schema = resolve({ $ref }, schemas);
    if (found.has(schema)) continue;
    found.add(schema);
    schemasBelow(schema, schemas, found);
  }
  return found;
}
