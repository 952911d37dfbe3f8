import { Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import type { Instant } from '../platform/time/clock.js';

/** Another service of the company. It declares permissions of its own, which roles can list. */
@Entity('applications')
@Index('applications_app_key', ['key'], { unique: true })
@Index('applications_owner_id', ['ownerId'])
@ForeignKey('User', ['ownerId'], ['id'], {
  name: 'applications_owner',
  onDelete: 'SET NULL',
  onUpdate: 'RESTRICT',
})
export class Application {
  @PrimaryColumn('varchar', { length: 36 })
  id!: string;

  /** The part before the `/` of its permissions' full codes. It never changes. */
  @Column('varchar', { name: 'app_key', length: 32 })
  key!: string;

  @Column('varchar', { length: 64 })
  name!: string;

  /** Who may declare its permissions without the permission to manage all applications. */
  @Column('varchar', { name: 'owner_id', length: 36, nullable: true })
  ownerId!: string | null;

  /** Counts its changes. */
  @Column('int')
  revision!: number;

  /** Counts the changes of its menu, whose changes take turns at this row. */
  @Column('int', { name: 'menu_revision', default: 0 })
  menuRevision!: number;

  @Column('bigint', { name: 'created_at' })
  createdAt!: Instant;

  @Column('bigint', { name: 'updated_at' })
  updatedAt!: Instant;
}

/** A permission that an application declares. */
@Entity('application_permissions')
@Index('application_permissions_application_id', ['applicationId'])
@ForeignKey('Application', ['applicationId'], ['id'], {
  name: 'application_permissions_application',
  onDelete: 'CASCADE',
  onUpdate: 'RESTRICT',
})
export class ApplicationPermission {
  /** The full code, `shop/orders:refund`, as roles list it. */
  @PrimaryColumn('varchar', { length: 128 })
  permission!: string;

  @Column('varchar', { name: 'application_id', length: 36 })
  applicationId!: string;

  /** What it lets its holder do; empty where the application does not say it in this language. */
  @Column('varchar', { name: 'description_en', length: 512 })
  descriptionEn!: string;

  @Column('varchar', { name: 'description_zh', length: 512 })
  descriptionZh!: string;

  /**
   * Since when the application no longer declares it. It then still counts where a role lists it, because older replicas
   * ask for it during a roll-out, but it can be granted to nobody.
   */
  @Column('bigint', { name: 'retired_at', nullable: true })
  retiredAt!: Instant | null;
}
