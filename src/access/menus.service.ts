import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { AuditService, doneBy, type AuditEntry } from '../audit/audit.service.js';
import { Database } from '../database/database.js';
import { DuplicateKeyError } from '../database/driver-errors.js';
import { columnList } from '../database/entity-statements.js';
import { isUuid, newId } from '../platform/crypto/random.js';
import { requireRevision } from '../platform/http/entity-tag.js';
import type { Actor, AuthContext } from '../platform/security/auth-context.js';
import { AccessErrors } from './access.errors.js';
import { AccessService } from './access.service.js';
import { Application } from './application.entity.js';
import { ApplicationsService } from './applications.service.js';
import { Menu } from './menu.entity.js';
import { isTree, treeOf, visibleTo, type MenuNode } from './menu-tree.js';
import type { CreateMenuRequest, OrderMenusRequest, UpdateMenuRequest } from './menus.dto.js';
import { MenusErrors } from './menus.errors.js';

/** How many nodes an application can have. */
const MOST_MENUS = 500;

/** How many nodes can stand under one: as many as one call can order. */
const MOST_CHILDREN = 200;

/** All nodes of an application, and how often any of them has changed. */
export interface MenuTree {
  readonly revision: number;
  readonly nodes: readonly MenuNode[];
}

/** By its primary key or its unique key, and its menus with it: one row without a menu where it has none. */
const MENUS_OF = (column: 'id' | 'app_key') =>
  `SELECT ${columnList(Menu, 'menus')} FROM applications LEFT JOIN menus ON application_id = applications.id
   WHERE applications.${column} = ?`;

const BY_ID = MENUS_OF('id');
const BY_KEY = MENUS_OF('app_key');

/** The menus of applications. The routes in `MenusController` name the failures. */
@Injectable()
export class MenusService {
  constructor(
    @InjectRepository(Menu) private readonly menus: Repository<Menu>,
    @InjectRepository(Application) private readonly applications: Repository<Application>,
    private readonly database: Database,
    private readonly access: AccessService,
    private readonly registry: ApplicationsService,
    private readonly audit: AuditService,
  ) {}

  /** What somebody sees: two statements, however large the tree is. */
  async visibleTo(auth: AuthContext, application: string): Promise<MenuNode[]> {
    const rows = await this.menus.query<Array<Menu | { readonly id: null }>>(
      isUuid(application) ? BY_ID : BY_KEY,
      [application],
    );
    if (rows.length === 0) throw AccessErrors.noSuchApplication();
    const menus = rows.filter((row) => row.id !== null);
    const named = menus.flatMap(({ permissions }): string[] => JSON.parse(permissions));
    const holds = await this.access.heldOf(auth, [...new Set(named)]);
    return visibleTo((permission) => holds.has(permission), treeOf(menus));
  }

  async read(application: string): Promise<MenuTree> {
    return this.treeOf(await this.registry.find(application));
  }

  async create(actor: Actor, application: string, request: CreateMenuRequest): Promise<Menu> {
    const { parent_id: parentId = null, kind, key } = request;
    return this.change(application, async ({ id: applicationId }) => {
      const menus = await this.menus.findBy({ applicationId });
      if (parentId !== null && !menus.some(({ id }) => id === parentId)) throw MenusErrors.noSuchMenu();
      if (menus.length >= MOST_MENUS) throw MenusErrors.tooMany();
      await this.access.requireGrantable(request.permissions ?? []);
      const siblings = menus.filter((menu) => menu.parentId === parentId);
      if (siblings.length >= MOST_CHILDREN) throw MenusErrors.tooMany();
      const position = Math.max(-1, ...siblings.map((menu) => menu.position)) + 1;
      const place = { id: newId(), applicationId, parentId, position, kind, key, revision: 1 };
      const menu: Menu = { ...place, ...NOTHING_SET, ...columnsOf(request) };
      if (!isTree([...menus, menu])) throw MenusErrors.misplaced();
      await this.menus.insert(menu);
      await this.record(actor, 'menu.created', menu.id, { key });
      return { result: menu, changed: true };
    });
  }

  async update(
    actor: Actor,
    id: string,
    request: UpdateMenuRequest,
    basedOn: number | undefined,
  ): Promise<Menu> {
    return this.change(await this.applicationOf(id), async ({ id: applicationId }) => {
      const menus = await this.menus.findBy({ applicationId });
      const before = foundIn(menus, id);
      requireRevision(before, basedOn);
      const { kind = before.kind, key = before.key } = request;
      const wanted: Menu = { ...before, kind, key, ...columnsOf(request) };
      const fields = FIELDS.filter(([column]) => wanted[column] !== before[column]).map(([, field]) => field);
      if (fields.length === 0) return { result: before, changed: false };
      const known: string[] = JSON.parse(before.permissions);
      // What a node names already may stay, also if its application has retired it.
      await this.access.requireGrantable((request.permissions ?? []).filter((code) => !known.includes(code)));
      if (!isTree(menus.map((menu) => (menu.id === id ? wanted : menu)))) throw MenusErrors.misplaced();
      const after = { ...wanted, revision: before.revision + 1 };
      await this.menus.update({ id }, after);
      await this.record(actor, 'menu.updated', id, { fields: [...new Set(fields)] });
      return { result: after, changed: true };
    });
  }

  async delete(actor: Actor, id: string, basedOn: number | undefined): Promise<void> {
    await this.change(await this.applicationOf(id), async ({ id: applicationId }) => {
      const menus = await this.menus.findBy({ applicationId });
      const menu = foundIn(menus, id);
      requireRevision(menu, basedOn);
      if (menus.some(({ parentId }) => parentId === id)) throw MenusErrors.hasChildren();
      await this.menus.delete({ id });
      await this.record(actor, 'menu.deleted', id, { key: menu.key });
      return { result: undefined, changed: true };
    });
  }

  /** Makes these the children of a parent, in this order. */
  async order(
    actor: Actor,
    application: string,
    { parent_id: parentId, ids }: OrderMenusRequest,
    basedOn: number | undefined,
  ): Promise<MenuTree> {
    return this.change(application, async (found) => {
      requireRevision({ revision: found.menuRevision }, basedOn);
      const menus = await this.menus.findBy({ applicationId: found.id });
      for (const id of parentId === null ? ids : [parentId, ...ids]) foundIn(menus, id);
      const isMissing = menus.some((menu) => menu.parentId === parentId && !ids.includes(menu.id));
      const placed = menus.map((menu) =>
        ids.includes(menu.id) ? { ...menu, parentId, position: ids.indexOf(menu.id) } : menu,
      );
      if (isMissing || !isTree(placed)) throw MenusErrors.misplaced();
      const moved = placed.filter(
        (menu, index) => menu.parentId !== menus[index]?.parentId || menu.position !== menus[index]?.position,
      );
      if (moved.length > 0) {
        await this.place(parentId, moved);
        const detail = { application: found.key, moved: moved.length };
        await this.record(actor, 'menu.ordered', parentId, detail);
      }
      const changed = moved.length > 0;
      const revision = found.menuRevision + Number(changed);
      return { result: { revision, nodes: treeOf(placed) }, changed };
    });
  }

  /**
   * Does the work in a transaction that alone changes the menu of an application: its row is locked, so that two moves
   * cannot make a circle together.
   */
  private async change<T>(
    application: string,
    work: (application: Application) => Promise<{ readonly result: T; readonly changed: boolean }>,
  ): Promise<T> {
    return this.database
      .transaction(async () => {
        const { id } = await this.registry.find(application);
        await this.applications.update({ id }, { menuRevision: () => 'menu_revision' });
        const { result, changed } = await work(await this.registry.find(id));
        if (changed) await this.applications.update({ id }, { menuRevision: () => 'menu_revision + 1' });
        return result;
      })
      .catch((error: unknown) => {
        throw error instanceof DuplicateKeyError ? MenusErrors.menuKeyTaken() : error;
      });
  }

  /** One statement, however many nodes it moves. */
  private async place(parentId: string | null, moved: readonly Menu[]): Promise<void> {
    const positions = moved.flatMap(({ id, position }) => [id, position]);
    const ids = moved.map(({ id }) => id);
    await this.database.execute(
      `UPDATE menus SET parent_id = ?, position = CASE id ${'WHEN ? THEN ? '.repeat(moved.length)}END
       WHERE id IN (${ids.map(() => '?').join(', ')})`,
      [parentId, ...positions, ...ids],
    );
  }

  private async treeOf({ id: applicationId, menuRevision }: Application): Promise<MenuTree> {
    return { revision: menuRevision, nodes: treeOf(await this.menus.findBy({ applicationId })) };
  }

  private async applicationOf(id: string): Promise<string> {
    const menu = isUuid(id) ? await this.menus.findOneBy({ id }) : null;
    if (menu === null) throw MenusErrors.noSuchMenu();
    return menu.applicationId;
  }

  private async record(
    actor: Actor,
    action: AuditEntry['action'],
    targetId: string | null,
    detail: AuditEntry['detail'],
  ): Promise<void> {
    await this.audit.record({ ...doneBy(actor), action, targetType: 'menu', targetId, detail });
  }
}

const NOTHING_SET = {
  titleEn: '',
  titleZh: '',
  path: '',
  component: '',
  redirect: '',
  icon: '',
  url: '',
  hidden: 0,
  keepAlive: 0,
  enabled: 1,
  permissions: '[]',
  meta: '{}',
};

/** The columns that can change, each with the name that the record has for it: that of the request's field. */
const FIELDS: ReadonlyArray<readonly [keyof Menu, string]> = [
  ['kind', 'kind'],
  ['key', 'key'],
  ['titleEn', 'title'],
  ['titleZh', 'title'],
  ['path', 'path'],
  ['component', 'component'],
  ['redirect', 'redirect'],
  ['icon', 'icon'],
  ['url', 'url'],
  ['hidden', 'hidden'],
  ['keepAlive', 'keep_alive'],
  ['enabled', 'enabled'],
  ['permissions', 'permissions'],
  ['meta', 'meta'],
];

/** What a request gives, as columns. A title is given whole. */
function columnsOf(request: UpdateMenuRequest): Partial<Menu> {
  const { title, hidden, keep_alive, enabled, permissions, meta } = request;
  const { path, component, redirect, icon, url } = request;
  const texts = Object.entries({ path, component, redirect, icon, url });
  return {
    ...Object.fromEntries(texts.filter(([, text]) => text !== undefined)),
    ...(title && { titleEn: title.en ?? '', titleZh: title['zh-CN'] ?? '' }),
    ...(hidden !== undefined && { hidden: Number(hidden) }),
    ...(keep_alive !== undefined && { keepAlive: Number(keep_alive) }),
    ...(enabled !== undefined && { enabled: Number(enabled) }),
    ...(permissions && { permissions: JSON.stringify([...new Set(permissions)].sort()) }),
    ...(meta && { meta: JSON.stringify(meta) }),
  };
}

function foundIn(menus: readonly Menu[], id: string): Menu {
  const menu = menus.find((one) => one.id === id);
  if (menu === undefined) throw MenusErrors.noSuchMenu();
  return menu;
}
