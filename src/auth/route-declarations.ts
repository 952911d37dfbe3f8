import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DiscoveryService, MetadataScanner, Reflector } from '@nestjs/core';
import { ROUTE_ACCESS } from '../platform/security/route-access.js';

/**
 * Routes are closed: one that says nothing about who may call it is a mistake, and stops the start. Every method of a
 * controller counts as a route.
 */
@Injectable()
export class RouteDeclarations implements OnModuleInit {
  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
    private readonly reflector: Reflector,
  ) {}

  /** @throws Error naming every route that declares nothing */
  onModuleInit(): void {
    const silent = this.discovery.getControllers().flatMap(({ metatype, name }) => {
      if (typeof metatype !== 'function') return [];
      const prototype: Record<string, () => unknown> = metatype.prototype;
      return this.scanner
        .getAllMethodNames(prototype)
        .filter((method) => this.reflector.get(ROUTE_ACCESS, prototype[method] ?? metatype) === undefined)
        .map((method) => `${name}.${method}`);
    });
    if (silent.length > 0) {
      throw new Error(`Add @Public(), @SignedIn() or @RequirePermission() to ${silent.join(', ')}.`);
    }
  }
}
