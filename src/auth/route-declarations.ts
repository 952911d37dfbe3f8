import { Injectable, type OnModuleInit } from '@nestjs/common';
import { METHOD_METADATA } from '@nestjs/common/constants.js';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { ROUTE_ACCESS } from '../platform/security/route-access.js';

/** Routes are closed: one that says nothing about who may call it is a mistake, and stops the start. */
@Injectable()
export class RouteDeclarations implements OnModuleInit {
  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
  ) {}

  /** @throws Error naming every route that declares nothing */
  onModuleInit(): void {
    const silent = this.discovery.getControllers().flatMap(({ metatype, name }) => {
      if (typeof metatype !== 'function') return [];
      const prototype: Record<string, object> = metatype.prototype;
      return this.scanner
        .getAllMethodNames(prototype)
        .filter((method) => isRoute(prototype[method]) && !declaresAccess(prototype[method]))
        .map((method) => `${name}.${method}`);
    });
    if (silent.length > 0) {
      throw new Error(`Add @Public(), @SignedIn() or @RequirePermission() to ${silent.join(', ')}.`);
    }
  }
}

function isRoute(handler: object | undefined): boolean {
  return handler !== undefined && Reflect.hasMetadata(METHOD_METADATA, handler);
}

function declaresAccess(handler: object | undefined): boolean {
  return handler !== undefined && Reflect.hasMetadata(ROUTE_ACCESS, handler);
}
