import type { FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { clientAddress, isPrivateAddress } from './client-address.js';

/**
 * Notices, once, that a proxy seems to stand in front although none is trusted: then all clients share the proxy's
 * address, and with it one attempt limit. A public peer says nothing, because anyone can send the header.
 */
export class ForwardedHeaders {
  private watching: boolean;

  constructor(
    private readonly logger: Logger,
    { trusted }: { readonly trusted: boolean },
  ) {
    this.watching = !trusted;
  }

  notice({ headers, socket }: FastifyRequest): void {
    if (!this.watching || (headers['x-forwarded-for'] === undefined && headers.forwarded === undefined))
      return;
    const peer = clientAddress(socket.remoteAddress ?? '', undefined);
    if (!isPrivateAddress(peer)) return;
    this.watching = false;
    this.logger.warn(
      { peer },
      'a request from a private address carries a forwarded header and TRUST_PROXY is none: if a proxy stands in ' +
        'front, set TRUST_PROXY, or all clients share one attempt limit',
    );
  }
}
