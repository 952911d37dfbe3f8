import { ApiProperty } from '@nestjs/swagger';
import { IsIn, type ValidationArguments } from 'class-validator';
import { isUuid } from '../platform/crypto/random.js';
import { canonicalAddress } from '../platform/http/client-address.js';
import { CodePoints, IsId, MayBeAbsent, rule } from '../platform/http/constraints.js';
import { ReadBy, Time, WholeNumber } from '../platform/http/query-values.js';
import { toTimestamp, type Instant } from '../platform/time/clock.js';
import {
  AUDIT_ACTIONS,
  AUDIT_OUTCOMES,
  AUDIT_TARGETS,
  type AuditAction,
  type AuditOutcome,
} from './audit-actions.js';
import type { AuditCursor, AuditEvent } from './audit-event.entity.js';
import type { AuditFeed, AuditPage } from './audit.service.js';

const MOST_ACTIONS = 10;
const MOST_SEQ = Number.MAX_SAFE_INTEGER;

/** A number of the record, or 0. */
export function AfterNumber(): PropertyDecorator {
  return ReadBy(
    'integer',
    parseSeq,
    { type: 'integer', minimum: 0, maximum: MOST_SEQ },
    { min: 0, max: MOST_SEQ },
  );
}

export class ListAuditEventsQuery {
  @MayBeAbsent()
  @IsId()
  @ApiProperty({ description: 'Only what this user did.' })
  actor_id?: string;

  @MayBeAbsent()
  @IsId()
  @ApiProperty({ description: 'Only what was done to this user, session, role, application, menu or key.' })
  target_id?: string;

  @ReadBy(
    'choice',
    parseActions,
    { type: String, example: 'user.created,user.deleted' },
    { choices: AUDIT_ACTIONS.join(', ') },
  )
  @rule('list', isFew, { context: { params: { min: 1, max: MOST_ACTIONS } } })
  @ApiProperty({ description: `Only these actions: at most ${MOST_ACTIONS}, with commas between them.` })
  action?: readonly AuditAction[];

  @MayBeAbsent()
  @IsIn(AUDIT_OUTCOMES)
  @ApiProperty({ description: 'Only this outcome.' })
  outcome?: AuditOutcome;

  @ReadBy('ip', canonicalAddress, { type: String, maxLength: 45 })
  @ApiProperty({ description: 'Only what came from this address.' })
  ip?: string;

  @MayBeAbsent()
  @IsId()
  @ApiProperty({
    description: 'Only what was done in this session. Needs a `from` at most 7 days before `to`.',
  })
  session_id?: string;

  @MayBeAbsent()
  @CodePoints(1, 64)
  @ApiProperty({ description: 'Only what this request did. Needs a `from` at most 7 days before `to`.' })
  request_id?: string;

  @Time()
  @ApiProperty({ description: 'Only what happened then or later.' })
  from?: Instant;

  @Time()
  @ApiProperty({ description: 'Only what happened then or earlier.' })
  to?: Instant;

  @ReadBy('cursor', parseCursor, { type: String, maxLength: 128 })
  @ApiProperty({ description: 'The `next_cursor` of the page before; with the same filters.' })
  cursor?: AuditCursor;

  @AfterNumber()
  @rule('after_alone', isAfterAlone)
  @ApiProperty({
    description:
      'The `next` of the page before, or 0: numbered events after this one, oldest first. Without `cursor`, `from` and `to`.',
  })
  after?: number;

  @WholeNumber(1, 100)
  @ApiProperty({ default: 50, description: 'Events on a page.' })
  limit = 50;
}

const NullableId = (example: string, description: string) =>
  ApiProperty({ type: String, format: 'uuid', nullable: true, example, description });

export class AuditEventResponse {
  @ApiProperty({ format: 'uuid', example: '9d2f7c1a-3b4e-4f5a-8c6d-7e8f9a0b1c2d' })
  id!: string;

  @ApiProperty({ format: 'date-time', example: '2026-11-22T08:32:48.741Z' })
  at!: string;

  @ApiProperty({
    type: 'integer',
    nullable: true,
    example: 4711,
    description: 'Its number in the order of the record; null for up to two seconds.',
  })
  seq!: number | null;

  @NullableId('3f6c0b2e-5c1d-4d8e-9a4e-0a8c1f0d7b11', 'Who did it; null where nobody was signed in.')
  actor_id!: string | null;

  @ApiProperty({
    example: 'admin',
    description:
      'The user name of that time; `operator` for a command on the machine, empty where nobody is known.',
  })
  actor_name!: string;

  @NullableId('6f0f1c2d-8a7b-4c3e-9d5f-2b1a0c9e8d7f', 'In which session.')
  session_id!: string | null;

  @ApiProperty({ enum: AUDIT_ACTIONS, example: 'user.disabled' })
  action!: string;

  @ApiProperty({ enum: AUDIT_TARGETS, example: 'user' })
  target_type!: string;

  @NullableId('0f3f7e0a-6a2b-4b1c-8f5e-3d2c1b0a9f8e', 'On whom or what. It may be gone by now.')
  target_id!: string | null;

  @ApiProperty({ enum: AUDIT_OUTCOMES, example: 'success' })
  outcome!: string;

  @ApiProperty({ example: '203.0.113.7' })
  ip!: string;

  @ApiProperty({ example: 'Mozilla/5.0 (X11; Linux x86_64)' })
  user_agent!: string;

  @ApiProperty({ example: '7d7f3f0c-1f56-4f0e-9b53-0c8d2b8f0f11' })
  request_id!: string;

  @ApiProperty({
    type: Object,
    additionalProperties: true,
    example: { sessions_ended: 2 },
    description: 'Names of changed fields, counts and reasons; never a value that somebody typed.',
  })
  detail!: Record<string, unknown>;
}

export class AuditEventListResponse {
  @ApiProperty({ type: [AuditEventResponse] })
  items!: readonly AuditEventResponse[];

  @ApiProperty({
    type: String,
    nullable: true,
    required: false,
    example: null,
    description: 'For the next page; null at the end. Absent with `after`.',
  })
  next_cursor?: string | null;

  @ApiProperty({
    type: 'integer',
    required: false,
    example: 4711,
    description: 'Only with `after`: the next `after`, whether or not there were events.',
  })
  next?: number;
}

export function toAuditFeedResponse({ events, next }: AuditFeed): AuditEventListResponse {
  return { items: events.map(toAuditEventResponse), next };
}

export function toAuditEventListResponse({ events, next }: AuditPage): AuditEventListResponse {
  return {
    items: events.map(toAuditEventResponse),
    next_cursor: next === undefined ? null : formatCursor(next),
  };
}

function parseActions(text: string): readonly AuditAction[] | undefined {
  const asked = [...new Set(text.split(','))];
  const known = AUDIT_ACTIONS.filter((action) => asked.includes(action));
  return known.length === asked.length ? known : undefined;
}

function isFew(actions: unknown): boolean {
  return Array.isArray(actions) && actions.length <= MOST_ACTIONS;
}

function parseSeq(text: string): number | undefined {
  const seq = /^(?:0|[1-9][0-9]{0,15})$/.test(text) ? Number(text) : NaN;
  return seq <= MOST_SEQ ? seq : undefined;
}

function isAfterAlone(_: unknown, args?: ValidationArguments): boolean {
  const query = args?.object;
  if (!(query instanceof ListAuditEventsQuery)) return true;
  return query.cursor === undefined && query.from === undefined && query.to === undefined;
}

/** Opaque to clients, so that it can change. */
function formatCursor({ at, id }: AuditCursor): string {
  return Buffer.from(`${at} ${id}`).toString('base64url');
}

/** @returns undefined for what `formatCursor` has not made */
function parseCursor(text: string): AuditCursor | undefined {
  const [at = '', id = ''] = Buffer.from(text, 'base64url').toString('latin1').split(' ');
  if (!/^(?:0|[1-9][0-9]{0,15})$/.test(at) || !isUuid(id)) return undefined;
  const cursor = { at: Number(at), id };
  // Base64 decoders skip what they do not know, so a cursor counts only in the spelling that we give it.
  return formatCursor(cursor) === text ? cursor : undefined;
}

function toAuditEventResponse(event: AuditEvent): AuditEventResponse {
  return {
    id: event.id,
    at: toTimestamp(event.at),
    seq: event.seq,
    actor_id: event.actorId,
    actor_name: event.actorName,
    session_id: event.sessionId,
    action: event.action,
    target_type: event.targetType,
    target_id: event.targetId,
    outcome: event.outcome,
    ip: event.ip,
    user_agent: event.userAgent,
    request_id: event.requestId,
    detail: JSON.parse(event.detail),
  };
}
