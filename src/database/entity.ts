/**
 * What entities are declared with: TypeORM's decorators, each from its own file, because the whole of TypeORM is 300 files
 * and 6 MiB, which only a migration needs (`data-source.ts`).
 */
export { Column } from 'typeorm/decorator/columns/Column.js';
export { PrimaryColumn } from 'typeorm/decorator/columns/PrimaryColumn.js';
export { Entity } from 'typeorm/decorator/entity/Entity.js';
export { ForeignKey } from 'typeorm/decorator/ForeignKey.js';
export { Index } from 'typeorm/decorator/Index.js';
export { getMetadataArgsStorage } from 'typeorm/globals.js';
