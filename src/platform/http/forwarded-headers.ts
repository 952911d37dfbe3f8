import type { FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { canonicalAddress, isPrivateAddress } from './client-address.js';

/**
 * Warns once where the address of a client cannot be told, because then all clients of a proxy share its address and
 * with it one attempt limit.
 */
export class ForwardedHeaders {
  private watching = true;

  constructor(
    private readonly logger: Logger,
    /** Whether forwarded headers of anybody are believed. */
    private readonly trusted: boolean,
  ) {}

  notice(request: FastifyRequest): void {
    const { headers } = request;
    if (!this.watching || (headers['x-forwarded-for'] === undefined && headers.forwarded === undefined))
      return;
    const peer = canonicalAddress(request.socket.remoteAddress) ?? '';
    const warning = this.trusted ? misread(request) : untrusted(peer);
    if (warning === undefined) return;
    this.watching = false;
    this.logger.warn({ peer }, warning);
  }
}

/** A proxy seems to stand in front although none is trusted. A public peer says nothing: anyone can send the header. */
function untrusted(peer: string): string | undefined {
  if (!isPrivateAddress(peer)) return undefined;
  return (
    'a request from a private address carries a forwarded header and TRUST_PROXY is none: if a proxy stands in ' +
    'front, set TRUST_PROXY, or all clients share one attempt limit'
  );
}

function misread({ ip, socket }: FastifyRequest): string | undefined {
  // The client has reset the connection, so that nothing can be told.
  if (socket.remoteAddress === undefined || canonicalAddress(ip) !== undefined) return undefined;
  return (
    'X-Forwarded-For of a trusted proxy has something else than an address where that of the client belongs, and the ' +
    'address of the proxy is taken: let the proxy send IP addresses, or all clients share one attempt limit'
  );
}
