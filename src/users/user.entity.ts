import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { Language } from '../platform/i18n/translator.js';
import type { Instant } from '../platform/time/clock.js';

export type UserStatus = 'active' | 'disabled';

export const USER_KINDS = ['person', 'service'] as const;

/** A service account is a program: it has keys, and no password. */
export type UserKind = (typeof USER_KINDS)[number];

/** A person or a service account. Each kind of identifier has its own unique column, so one identifier can never mean two people. */
@Entity('users')
@Index('users_username', ['username'], { unique: true })
@Index('users_email', ['email'], { unique: true })
@Index('users_phone', ['phone'], { unique: true })
@Index('users_short_id', ['shortId'], { unique: true })
@Index('users_created_at', ['createdAt', 'id'])
@Index('users_last_sign_in_at', ['lastSignInAt', 'id'])
@Index('users_status_created_at', ['status', 'createdAt', 'id'])
@Index('users_kind', ['kind', 'createdAt', 'id'])
export class User {
  @PrimaryColumn('varchar', { length: 36 })
  id!: string;

  /** The id's first 48 bits, for search terms: with the whole id their rows would be twice as long. */
  @Column('bigint', { name: 'short_id', nullable: true })
  shortId!: number | null;

  @Column('varchar', { length: 8, default: 'person' })
  kind!: UserKind;

  @Column('varchar', { length: 32 })
  username!: string;

  @Column('varchar', { name: 'full_name', length: 128 })
  fullName!: string;

  @Column('varchar', { length: 254, nullable: true })
  email!: string | null;

  /** When the person has shown last that mail to this address reaches them; null while nobody has. */
  @Column('bigint', { name: 'email_verified_at', nullable: true })
  emailVerifiedAt!: Instant | null;

  @Column('varchar', { length: 16, nullable: true })
  phone!: string | null;

  /** Of mails and other texts to the person; null: none chosen. */
  @Column('varchar', { length: 8, nullable: true })
  language!: Language | null;

  @Column('varchar', { length: 16 })
  status!: UserStatus;

  /** 0 while there is no password. Grows with every change of it; a sign-in that verified an older one opens no session. */
  @Column('int', { name: 'credential_version' })
  credentialVersion!: number;

  @Column('bigint', { name: 'password_change_at' })
  passwordChangeAt!: Instant;

  /** 1: the next sign-in demands a new password before it opens a session. */
  @Column('int', { name: 'must_change_password', default: 0 })
  mustChangePassword!: number;

  /** Since when a sign-in asks for a second factor; null: it does not. */
  @Column('bigint', { name: 'second_factor_at', nullable: true })
  secondFactorAt!: Instant | null;

  @Column('bigint', { name: 'created_at' })
  createdAt!: Instant;

  @Column('bigint', { name: 'updated_at' })
  updatedAt!: Instant;

  @Column('bigint', { name: 'last_sign_in_at', nullable: true })
  lastSignInAt!: Instant | null;
}

/** 48 of 122 random bits hardly ever collide among millions of users; if they do, the second user is refused. */
export function shortIdOf(id: string): number {
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}
