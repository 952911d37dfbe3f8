import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { In, LessThan, type Repository } from 'typeorm';
import { requireRevision } from '../platform/http/entity-tag.js';
import type { Actor, AuthContext } from '../platform/security/auth-context.js';
import { Clock, DAY, type Duration } from '../platform/time/clock.js';
import { AccessErrors } from './access.errors.js';
import { AccessPermissions } from './access.permissions.js';
import { AccessRepository } from './access.repository.js';
import { AccessService } from './access.service.js';
import { ApplicationPermission, type Application } from './application.entity.js';
import type { DeclarePermissionsRequest } from './applications.dto.js';
import { ApplicationsService, codesOf } from './applications.service.js';

/** Whoever declares fewer permissions than this has no list that a mistake could empty. */
const MANY = 10;

/** How long a retired permission that no role lists is kept: administrators hold it while a roll-back is likely. */
const RETIRED_FOR: Duration = 7 * DAY;

/** So many codes an event of the record names; a thousand would not fit into its detail. */
const MOST_NAMED = 200;

/** What a declaration changes, by full codes. */
export interface Declared {
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly retired: readonly string[];
  readonly unchanged: number;
}

/** Makes the permissions of an application those that it declares. The route in `ApplicationsController` names the failures. */
@Injectable()
export class DeclarationsService {
  constructor(
    @InjectRepository(ApplicationPermission)
    private readonly permissions: Repository<ApplicationPermission>,
    private readonly applications: ApplicationsService,
    private readonly grants: AccessRepository,
    private readonly access: AccessService,
    private readonly clock: Clock,
  ) {}

  /**
   * Declares by the API: whoever may not manage applications must own this one.
   *
   * @throws AccessErrors.noSuchApplication also for one of somebody else
   */
  async declareAs(
    caller: AuthContext,
    idOrKey: string,
    request: DeclarePermissionsRequest,
    basedOn: number | undefined,
  ): Promise<Declared> {
    const { ownerId } = await this.applications.find(idOrKey);
    if (
      ownerId !== caller.user.id &&
      !(await this.access.holdsAny(caller, [AccessPermissions.manageApplications]))
    )
      throw AccessErrors.noSuchApplication();
    return this.declare(caller, idOrKey, request, basedOn);
  }

  /** Makes these the permissions of an application. What is declared already takes no lock and leaves no event. */
  async declare(
    actor: Actor,
    idOrKey: string,
    request: DeclarePermissionsRequest,
    basedOn?: number,
  ): Promise<Declared> {
    const planned = await this.plan(await this.applications.find(idOrKey), request, basedOn);
    if (request.dry_run === true || isNothing(planned)) return planned;
    return this.access.serialised(async () => {
      const application = await this.applications.find(idOrKey);
      const declared = await this.plan(application, request, basedOn);
      if (!isNothing(declared)) await this.carryOut(actor, application, request, declared);
      return declared;
    });
  }

  private async plan(
    application: Application,
    { permissions, allow_retire = false }: DeclarePermissionsRequest,
    basedOn: number | undefined,
  ): Promise<Declared> {
    requireRevision(application, basedOn);
    const known = new Map(
      (await this.applications.declaredBy(application)).map((one) => [one.permission, one]),
    );
    const wanted = permissions.map((declaration) => toRow(application, declaration));
    const isKept = ({ permission }: ApplicationPermission) => known.get(permission)?.retiredAt === null;
    const added = wanted.filter((row) => !isKept(row));
    const kept = wanted.filter(isKept);
    const changed = kept.filter((row) => isDescribedOtherwise(row, known.get(row.permission)));
    const codes = new Set(wanted.map(({ permission }) => permission));
    const live = [...known.values()].filter(({ retiredAt }) => retiredAt === null);
    const retired = live.filter(({ permission }) => !codes.has(permission));
    if (!allow_retire && live.length >= MANY && retired.length > live.length / 2)
      throw AccessErrors.retiresTooMuch();
    return {
      added: codesOf(added),
      changed: codesOf(changed),
      retired: codesOf(retired),
      unchanged: kept.length - changed.length,
    };
  }

  private async carryOut(
    actor: Actor,
    application: Application,
    { permissions }: DeclarePermissionsRequest,
    { added, changed, retired, unchanged }: Declared,
  ): Promise<void> {
    const now = this.clock.now();
    const written = new Set([...added, ...changed]);
    const rows = permissions
      .map((declaration) => toRow(application, declaration))
      .filter(({ permission }) => written.has(permission));
    // Two statements, however many they are; nothing refers to these rows.
    await this.permissions.delete({ permission: In([...written]) });
    await this.permissions.insert(rows);
    await this.permissions.update({ permission: In([...retired]) }, { retiredAt: now });
    const until = now - RETIRED_FOR;
    await this.grants.forgetUnlisted({ applicationId: application.id, retiredAt: LessThan(until) });
    const after = await this.applications.revise(application);
    await this.applications.record(actor, 'application.declared', after, {
      added: added.length,
      changed: changed.length,
      retired: retired.length,
      unchanged,
      codes_added: added.slice(0, MOST_NAMED),
      codes_retired: retired.slice(0, MOST_NAMED),
    });
  }
}

function toRow(
  { id, key }: Application,
  { code, description = {} }: DeclarePermissionsRequest['permissions'][number],
): ApplicationPermission {
  const { en: descriptionEn = '', 'zh-CN': descriptionZh = '' } = description;
  return { permission: `${key}/${code}`, applicationId: id, descriptionEn, descriptionZh, retiredAt: null };
}

function isNothing({ added, changed, retired }: Declared): boolean {
  return added.length + changed.length + retired.length === 0;
}

function isDescribedOtherwise(
  wanted: ApplicationPermission,
  known: ApplicationPermission | undefined,
): boolean {
  return wanted.descriptionEn !== known?.descriptionEn || wanted.descriptionZh !== known.descriptionZh;
}
