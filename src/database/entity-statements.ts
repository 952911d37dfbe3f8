import { getMetadataArgsStorage } from 'typeorm';

/**
 * The columns of an entity for a statement that is written by hand: `id, full_name AS "fullName", …`, so that a row reads
 * as the entity.
 *
 * @param table says whose columns they are, where the statement has more than one table
 */
export function columnList(entity: new () => object, table?: string): string {
  const prefix = table === undefined ? '' : `${table}.`;
  return getMetadataArgsStorage()
    .filterColumns(entity)
    .map(({ propertyName, options: { name = propertyName } }) =>
      name === propertyName ? `${prefix}${name}` : `${prefix}${name} AS "${propertyName}"`,
    )
    .join(', ');
}
