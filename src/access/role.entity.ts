import { Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import type { Instant } from '../platform/time/clock.js';

/** A named set of permissions. */
@Entity('roles')
@Index('roles_role_key', ['key'], { unique: true })
export class Role {
  @PrimaryColumn('varchar', { length: 36 })
  id!: string;

  @Column('varchar', { name: 'role_key', length: 64 })
  key!: string;

  @Column('varchar', { length: 64 })
  name!: string;

  @Column('varchar', { length: 512 })
  description!: string;

  /** 1 for roles that the program relies on and nobody can change, else 0. */
  @Column('int', { name: 'built_in' })
  builtIn!: number;

  @Column('bigint', { name: 'created_at' })
  createdAt!: Instant;

  @Column('bigint', { name: 'updated_at' })
  updatedAt!: Instant;
}

/** One permission of a role. `administrator` has no rows: it holds all that there are. */
@Entity('role_permissions')
@Index('role_permissions_permission', ['permission'])
@ForeignKey('Role', ['roleId'], ['id'], {
  name: 'role_permissions_role',
  onDelete: 'CASCADE',
  onUpdate: 'RESTRICT',
})
export class RolePermission {
  @PrimaryColumn('varchar', { name: 'role_id', length: 36 })
  roleId!: string;

  @PrimaryColumn('varchar', { length: 128 })
  permission!: string;
}

/** Who holds which role. */
@Entity('user_roles')
@Index('user_roles_role', ['roleId', 'userCreatedAt', 'userId'])
@ForeignKey('User', ['userId'], ['id'], {
  name: 'user_roles_user',
  onDelete: 'CASCADE',
  onUpdate: 'RESTRICT',
})
@ForeignKey('Role', ['roleId'], ['id'], {
  name: 'user_roles_role_id',
  onDelete: 'RESTRICT',
  onUpdate: 'RESTRICT',
})
export class UserRole {
  @PrimaryColumn('varchar', { name: 'user_id', length: 36 })
  userId!: string;

  @PrimaryColumn('varchar', { name: 'role_id', length: 36 })
  roleId!: string;

  /** The user's own, which never changes: it lists the holders of a role, however many, in order of their creation. */
  @Column('bigint', { name: 'user_created_at' })
  userCreatedAt!: Instant;
}
