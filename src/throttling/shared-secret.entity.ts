import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Instant } from '../platform/time/clock.js';

/** A random value that all replicas share; made by whoever needs it first. */
@Entity('shared_secrets')
export class SharedSecret {
  @PrimaryColumn('varchar', { length: 32 })
  name!: string;

  @Column('varchar', { length: 64 })
  value!: string;

  @Column('bigint', { name: 'created_at' })
  createdAt!: Instant;
}
