import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeApi } from '../../src/openapi/describe-api.ts';
import { routesOf } from '../../src/openapi/routes.ts';
import { declaredPermissions } from '../../src/platform/security/permission.ts';
import type { RouteAccess } from '../../src/platform/security/route-access.ts';
import { Administration, refusal, type Person } from '../support/administration.ts';
import { startApp, type TestApp } from '../support/app.ts';

/** Nobody's and nothing's id: a call that is let through finds nothing to change. */
const ABSENT = '6f0f1c2d-8a7b-4c3e-9d5f-2b1a0c9e8d7f';

/** Spec 3, by hand: what the declarations must say. */
const PUBLISHED: Record<string, readonly string[]> = {
  'GET /users': ['users:read'],
  'POST /users': ['users:create'],
  'POST /users/batch': ['users:update', 'users:delete'],
  'GET /users/{id}': ['users:read'],
  'PATCH /users/{id}': ['users:update'],
  'DELETE /users/{id}': ['users:delete'],
  'POST /users/{id}/disable': ['users:update'],
  'POST /users/{id}/enable': ['users:update'],
  'POST /users/{id}/password': ['users:set_password'],
  'POST /users/{id}/invitation': ['users:set_password'],
  'DELETE /users/{id}/factors': ['users:reset_factors'],
  'PUT /users/{id}/roles': ['roles:assign'],
  'GET /users/{id}/sessions': ['sessions:read'],
  'DELETE /users/{id}/sessions': ['sessions:revoke'],
  'DELETE /users/{id}/sessions/{session_id}': ['sessions:revoke'],
  'GET /roles': ['roles:read'],
  'POST /roles': ['roles:manage'],
  'GET /roles/{id}': ['roles:read'],
  'PATCH /roles/{id}': ['roles:manage'],
  'DELETE /roles/{id}': ['roles:manage'],
  'GET /permissions': ['roles:read'],
  'GET /applications': ['applications:read'],
  'POST /applications': ['applications:manage'],
  'GET /applications/{id}': ['applications:read'],
  'PATCH /applications/{id}': ['applications:manage'],
  'DELETE /applications/{id}': ['applications:manage'],
  'PUT /applications/{id}/permissions': ['applications:manage', 'applications:declare'],
  'GET /applications/{id}/menus': ['applications:read'],
  'POST /applications/{id}/menus': ['menus:manage'],
  'PUT /applications/{id}/menus/order': ['menus:manage'],
  'PATCH /menus/{id}': ['menus:manage'],
  'DELETE /menus/{id}': ['menus:manage'],
  'GET /users/{id}/keys': ['keys:read'],
  'POST /users/{id}/keys': ['keys:manage'],
  'POST /tokens/introspect': ['tokens:introspect'],
  'GET /tokens/changes': ['tokens:introspect'],
  'POST /authz/check': ['authz:check'],
  'GET /audit-events': ['audit:read'],
};

interface DeclaredRoute {
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly description: string;
  readonly access: RouteAccess;
}

let app: TestApp;
let routes: DeclaredRoute[];
let plain: Person;
let administrator: Person;
const holders = new Map<string, Person>();

beforeAll(async () => {
  app = await startApp();
  const declared = routesOf(app.nest);
  routes = Object.entries(describeApi(app.nest).paths).flatMap(([path, operations]) =>
    Object.entries(operations).flatMap(([method, { operationId = '', description = '' }]) => {
      const access = declared.get(operationId)?.access;
      const name = `${method.toUpperCase()} ${path}`;
      return access === undefined ? [] : [{ name, method: method.toUpperCase(), path, description, access }];
    }),
  );
  const admin = await Administration.of(app);
  plain = await admin.person();
  administrator = await admin.person({ roles: ['administrator'] });
  for (const { code } of declaredPermissions()) holders.set(code, await admin.personWith([code]));
});
afterAll(() => app.close());

function needsPermission({ kind }: RouteAccess): boolean {
  return kind === 'permission' || kind === 'all-permissions';
}

function neededOf(access: RouteAccess): string[] {
  if (access.kind === 'permission') return access.anyOf.map(({ code }) => code);
  return access.kind === 'all-permissions' ? access.allOf.map(({ code }) => code) : [];
}

function call({ method, path }: DeclaredRoute, token?: string) {
  const target = path.replace(/\{\w+\}/g, ABSENT);
  return app.call(method, target, token === undefined ? {} : { token });
}

describe('every route that needs a permission', () => {
  it('is one of those that are published, and needs what is published', () => {
    const needs = routes.flatMap(({ name, access }) =>
      access.kind === 'permission' ? [[name, access.anyOf.map(({ code }) => code)]] : [],
    );
    expect(Object.fromEntries(needs)).toEqual(PUBLISHED);
  });

  it('says in its documentation what it needs', () => {
    for (const { name, access, description } of routes) {
      const codes = neededOf(access);
      for (const code of codes) expect(description, name).toContain(code);
    }
  });

  it('is refused without a token, and to a user without any permission', async () => {
    for (const route of routes.filter(({ access }) => needsPermission(access))) {
      expect(refusal(await call(route)), route.name).toEqual([401, 11002]);
      expect(refusal(await call(route, plain.token)), route.name).toEqual([403, 11004]);
    }
  });

  it('lets in who holds one of its permissions, and nobody who holds any other', async () => {
    for (const route of routes) {
      if (route.access.kind === 'all-permissions') {
        // One of two is not enough; both are tried where the route is.
        for (const [, { token }] of holders)
          expect(refusal(await call(route, token)), route.name).toEqual([403, 11004]);
      }
      if (route.access.kind !== 'permission') continue;
      const needed = route.access.anyOf.map(({ code }) => code);
      for (const [code, { token }] of holders) {
        const answer = await call(route, token);
        const [status, number] = refusal(answer);
        // Let in, the call finds no body, or nobody under the id.
        if (needed.includes(code)) expect([200, 400, 404], `${route.name} with ${code}`).toContain(status);
        else expect([status, number], `${route.name} with ${code}`).toEqual([403, 11004]);
      }
      expect([200, 400, 404], `${route.name} by an administrator`).toContain(
        (await call(route, administrator.token)).status,
      );
    }
  });
});

describe('every other route', () => {
  it('is open or wants no more than a token', async () => {
    for (const route of routes.filter(({ access }) => !needsPermission(access))) {
      const [, number] = refusal(await call(route));
      if (route.access.kind === 'signed-in') expect(number, route.name).toBe(11002);
      else expect(number, route.name).not.toBe(11002);
    }
    const reads = routes.filter(({ access, method }) => access.kind === 'signed-in' && method === 'GET');
    // Let in, some miss a parameter, and one is off by default.
    for (const route of reads)
      expect([200, 400, 404], route.name).toContain((await call(route, plain.token)).status);
  });
});
