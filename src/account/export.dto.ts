import { ApiProperty } from '@nestjs/swagger';
import type { AuditEvent } from '../audit/audit-event.entity.js';
import { toTimestamp, type Instant } from '../platform/time/clock.js';
import type { KnownAddress } from '../sessions/known-address.entity.js';
import type { Session } from '../sessions/session.entity.js';
import { SessionResponse, toSessionResponse } from '../sessions/sessions.dto.js';
import { toUserResponse, UserResponse } from '../users/users.dto.js';
import { FactorsResponse, toFactorsResponse } from './factors.dto.js';
import type { OwnFactors } from './factors.service.js';
import type { UserWithRoles } from '../users/users.service.js';

export class KnownAddressResponse {
  @ApiProperty({ example: '203.0.113.7', description: 'An IPv4 address, or the /64 of an IPv6 address.' })
  address!: string;

  @ApiProperty({ format: 'date-time', example: '2026-11-22T08:32:48.741Z' })
  signed_in_at!: string;
}

export class OwnEventResponse {
  @ApiProperty({ format: 'date-time', example: '2026-11-22T08:32:48.741Z' })
  at!: string;

  @ApiProperty({ example: 'password.changed' })
  action!: string;

  @ApiProperty({ enum: ['success', 'failure'], example: 'success' })
  outcome!: string;

  @ApiProperty({
    example: true,
    description:
      'Whether it was done as me; not where nobody was signed in yet, as when a code is asked for.',
  })
  by_me!: boolean;

  @ApiProperty({ example: 'user' })
  target_type!: string;

  @ApiProperty({ type: String, nullable: true, example: '3f6c0b2e-5c1d-4d8e-9a4e-0a8c1f0d7b11' })
  target_id!: string | null;

  @ApiProperty({ type: String, nullable: true, example: '203.0.113.7', description: 'Only of what I did.' })
  ip!: string | null;

  @ApiProperty({
    type: String,
    nullable: true,
    example: 'Mozilla/5.0 (X11; Linux x86_64)',
    description: 'Only of what I did.',
  })
  user_agent!: string | null;

  @ApiProperty({ type: Object, additionalProperties: true, example: { sessions_ended: 2 } })
  detail!: Record<string, unknown>;
}

export class ExportResponse {
  @ApiProperty({ format: 'date-time', example: '2026-11-25T08:00:00.000Z' })
  exported_at!: string;

  @ApiProperty({ type: UserResponse })
  user!: UserResponse;

  @ApiProperty({ type: [String], example: ['administrator'] })
  roles!: readonly string[];

  @ApiProperty({ type: [String], example: ['users:create'] })
  permissions!: readonly string[];

  @ApiProperty({ type: FactorsResponse })
  factors!: FactorsResponse;

  @ApiProperty({ type: [SessionResponse], description: 'Live ones.' })
  sessions!: readonly SessionResponse[];

  @ApiProperty({ type: [KnownAddressResponse] })
  known_addresses!: readonly KnownAddressResponse[];

  @ApiProperty({
    type: [OwnEventResponse],
    description: 'The newest 10 000 by me or about me, newest first.',
  })
  audit_events!: readonly OwnEventResponse[];
}

/** All that is known of a person. */
export interface OwnData extends UserWithRoles {
  readonly at: Instant;
  readonly permissions: readonly string[];
  readonly factors: OwnFactors;
  readonly sessions: readonly Session[];
  readonly addresses: readonly KnownAddress[];
  readonly events: readonly AuditEvent[];
}

/** @param currentId the session that asks */
export function toExportResponse(data: OwnData, currentId: string): ExportResponse {
  return {
    exported_at: toTimestamp(data.at),
    user: toUserResponse(data),
    roles: data.roles,
    permissions: data.permissions,
    factors: toFactorsResponse(data.factors),
    sessions: data.sessions.map((session) => toSessionResponse(session, currentId)),
    known_addresses: data.addresses.map(({ address, signedInAt }) => ({
      address,
      signed_in_at: toTimestamp(signedInAt),
    })),
    audit_events: data.events.map((event) => toOwnEvent(event, data.user.id)),
  };
}

/** Of what others did nothing that leads to them: no address, program or id. */
function toOwnEvent(event: AuditEvent, userId: string): OwnEventResponse {
  const byMe = event.actorId === userId;
  return {
    at: toTimestamp(event.at),
    action: event.action,
    outcome: event.outcome,
    by_me: byMe,
    target_type: event.targetType,
    target_id: event.targetId,
    ip: byMe ? event.ip : null,
    user_agent: byMe ? event.userAgent : null,
    detail: JSON.parse(event.detail),
  };
}
