import { IsNull, MoreThan } from 'typeorm';
import { currentRequest } from '../platform/context/request-context.js';
import { newId } from '../platform/crypto/random.js';
import type { Instant } from '../platform/time/clock.js';
import type { Session, SessionEnd } from './session.entity.js';

/** What tells whether a session is live. */
export type SessionLife = Pick<
  Session,
  'id' | 'kind' | 'lastSeenAt' | 'idleExpiresAt' | 'expiresAt' | 'endedAt'
>;

type Beginning =
  'userId' | 'kind' | 'scopes' | 'refreshDigest' | 'createdAt' | 'lastSeenAt' | 'idleExpiresAt' | 'expiresAt';

/** A session that begins with the request being served. */
export function newSession(beginning: Pick<Session, Beginning>): Session {
  const { clientAddress, userAgent } = currentRequest();
  return {
    ...beginning,
    id: newId(),
    userAgent,
    ip: clientAddress,
    renewedIp: null,
    renewedIpAt: null,
    authenticatedAt: null,
    proof: 'password',
    endedAt: null,
    endReason: null,
  };
}

/** The condition for sessions that are live at an instant. */
export function liveAt(now: Instant) {
  return { endedAt: IsNull(), idleExpiresAt: MoreThan(now), expiresAt: MoreThan(now) };
}

/** The change that ends a session at an instant. */
export function endedAt(now: Instant, endReason: SessionEnd): Pick<Session, 'endedAt' | 'endReason'> {
  return { endedAt: now, endReason };
}
