import { Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import type { Instant } from '../platform/time/clock.js';

/** A passkey (WebAuthn): a key pair of which we hold the public half. */
@Entity('passkeys')
@Index('passkeys_credential_digest', ['credentialDigest'], { unique: true })
@Index('passkeys_user_id', ['userId', 'createdAt'])
@ForeignKey('User', ['userId'], ['id'], {
  name: 'passkeys_user',
  onDelete: 'CASCADE',
  onUpdate: 'RESTRICT',
})
export class Passkey {
  @PrimaryColumn('varchar', { length: 36 })
  id!: string;

  @Column('varchar', { name: 'user_id', length: 36 })
  userId!: string;

  /** As the authenticator names it, in base64url. */
  @Column('varchar', { name: 'credential_id', length: 1400 })
  credentialId!: string;

  /** SHA-256 of that, because MySQL's indexes are shorter. */
  @Column('varchar', { name: 'credential_digest', length: 43 })
  credentialDigest!: string;

  /** COSE, in base64url. */
  @Column('varchar', { name: 'public_key', length: 1400 })
  publicKey!: string;

  /** The authenticator's count of signatures; 0 where it keeps none. */
  @Column('bigint')
  counter!: number;

  /** The relying party that it was made for: after a change of `WEBAUTHN_RP_ID` it works no more. */
  @Column('varchar', { name: 'rp_id', length: 253 })
  rpId!: string;

  /** With commas between. */
  @Column('varchar', { length: 128 })
  transports!: string;

  /** 1: copies of it are on other devices of the person. */
  @Column('int')
  synced!: number;

  @Column('varchar', { length: 36 })
  aaguid!: string;

  @Column('varchar', { length: 64 })
  name!: string;

  @Column('bigint', { name: 'created_at' })
  createdAt!: Instant;

  @Column('bigint', { name: 'last_used_at', nullable: true })
  lastUsedAt!: Instant | null;
}
