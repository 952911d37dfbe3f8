import { isUuid } from '../platform/crypto/random.js';
import type { Instant } from '../platform/time/clock.js';

/** The last event that a page has shown; the next page begins behind it, whatever has been recorded since. */
export interface AuditCursor {
  readonly at: Instant;
  readonly id: string;
}

/** Opaque to clients, so that it can change. */
export function formatCursor({ at, id }: AuditCursor): string {
  return Buffer.from(`${at} ${id}`).toString('base64url');
}

/** @returns undefined for what `formatCursor` has not made; never throws */
export function parseCursor(text: string): AuditCursor | undefined {
  const [at = '', id = ''] = Buffer.from(text, 'base64url').toString('latin1').split(' ');
  if (!/^(?:0|[1-9][0-9]{0,15})$/.test(at) || !isUuid(id)) return undefined;
  const cursor = { at: Number(at), id };
  // Base64 decoders skip what they do not know; what reads as one cursor is spelt in one way.
  return formatCursor(cursor) === text ? cursor : undefined;
}
