import { ApiProperty } from '@nestjs/swagger';
import { toTimestamp } from '../platform/time/clock.js';
import type { Session } from './session.entity.js';

export class SessionResponse {
  @ApiProperty({ format: 'uuid', example: '6f0f1c2d-8a7b-4c3e-9d5f-2b1a0c9e8d7f' })
  id!: string;

  @ApiProperty({ example: 'Mozilla/5.0 (X11; Linux x86_64)', description: 'As sent at the sign-in.' })
  user_agent!: string;

  @ApiProperty({ example: '203.0.113.7', description: "The client's address at the sign-in." })
  ip!: string;

  @ApiProperty({ format: 'date-time', example: '2026-11-22T08:32:48.741Z' })
  created_at!: string;

  @ApiProperty({
    type: [String],
    example: ['password'],
    description: 'By what the person has shown who they are.',
  })
  proof!: readonly string[];

  @ApiProperty({
    format: 'date-time',
    example: '2026-11-22T08:32:48.741Z',
    description: 'When that was shown last: the session is fresh for a while after it.',
  })
  authenticated_at!: string;

  @ApiProperty({ format: 'date-time', example: '2026-11-22T09:02:48.741Z', description: 'To the minute.' })
  last_seen_at!: string;

  @ApiProperty({ format: 'date-time', example: '2026-12-22T08:32:48.741Z', description: 'The absolute end.' })
  expires_at!: string;

  @ApiProperty({ example: true, description: 'Whether it is the session that asks.' })
  current!: boolean;
}

export class EndedSessionsResponse {
  @ApiProperty({ type: 'integer', example: 2, description: 'How many sessions were ended.' })
  ended!: number;
}

/** @param currentId the session that asks */
export function toSessionResponse(session: Session, currentId: string): SessionResponse {
  return {
    id: session.id,
    user_agent: session.userAgent,
    ip: session.ip,
    created_at: toTimestamp(session.createdAt),
    proof: session.proof.split(','),
    authenticated_at: toTimestamp(session.authenticatedAt ?? session.createdAt),
    last_seen_at: toTimestamp(session.lastSeenAt),
    expires_at: toTimestamp(session.expiresAt),
    current: session.id === currentId,
  };
}
