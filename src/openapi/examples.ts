import type { ComponentsObject, ReferenceObject, SchemaObject } from '@nestjs/swagger';

type Schemas = NonNullable<ComponentsObject['schemas']>;
export type AnySchema = SchemaObject | ReferenceObject;

/**
 * A value for a schema, put together from the examples of its parts.
 *
 * @throws Error for a part that has no example and whose value does not follow from its type
 */
export function exampleOf(schema: AnySchema, schemas: Schemas, where = ''): unknown {
  if ('$ref' in schema) return exampleOf(resolve(schema, schemas), schemas, schema.$ref);
  if (schema.example !== undefined) return schema.example;
  if (schema.enum?.length === 1) return schema.enum[0];
  if (schema.properties !== undefined) {
    return Object.fromEntries(
      Object.entries(schema.properties).map(([name, part]) => [
        name,
        exampleOf(part, schemas, `${where}.${name}`),
      ]),
    );
  }
  if (schema.type === 'array' && schema.items !== undefined) return [exampleOf(schema.items, schemas, where)];
  if (schema.type === 'null') return null;
  throw new Error(`Give ${where} an example.`);
}

export function resolve({ $ref }: ReferenceObject, schemas: Schemas): AnySchema {
  const found = schemas[$ref.slice('#/components/schemas/'.length)];
  if (found === undefined) throw new Error(`${$ref} is not in the document.`);
  return found;
}

/** The names of the schemas that a schema is made of, its own first. */
export function namesBelow(
  schema: AnySchema,
  schemas: Schemas,
  found = new Set<string>(),
): ReadonlySet<string> {
  if ('$ref' in schema) {
    const name = schema.$ref.slice('#/components/schemas/'.length);
    if (found.has(name)) return found;
    found.add(name);
    return namesBelow(resolve(schema, schemas), schemas, found);
  }
  const parts = [
    ...Object.values(schema.properties ?? {}),
    ...(schema.items === undefined ? [] : [schema.items]),
  ];
  for (const part of [...parts, ...(schema.oneOf ?? []), ...(schema.anyOf ?? [])])
    namesBelow(part, schemas, found);
  return found;
}
