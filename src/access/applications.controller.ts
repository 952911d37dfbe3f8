import {
  Body,
  Controller,
  Delete,
  Get,
  Param,
  Patch,
  Post,
  Put,
  Query,
  UseInterceptors,
} from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { PlatformErrors } from '../platform/errors/platform-errors.js';
import { ApiAnswer, ApiFailures } from '../platform/http/api-answer.js';
import { BasedOn, MayNameRevision } from '../platform/http/entity-tag.js';
import { LargeBody } from '../platform/http/json-body.js';
import { ListLimitInterceptor } from '../platform/http/list-limiter.js';
import { ListOf, toListResponse, type ListResponse } from '../platform/http/list-query.js';
import { CurrentAuth, type AuthContext } from '../platform/security/auth-context.js';
import { RequirePermission } from '../platform/security/route-access.js';
import { AccessErrors } from './access.errors.js';
import { AccessPermissions } from './access.permissions.js';
import {
  ApplicationDetailsResponse,
  ApplicationResponse,
  CreateApplicationRequest,
  DeclaredPermissionsResponse,
  DeclarePermissionsRequest,
  IdOrKey,
  ListApplicationsQuery,
  toApplicationDetailsResponse,
  toApplicationResponse,
  toDeclaredPermissionsResponse,
  UpdateApplicationRequest,
} from './applications.dto.js';
import { ApplicationsService } from './applications.service.js';
import { DeclarationsService } from './declarations.service.js';

/** A thousand permissions with descriptions. */
const DECLARATION_LIMIT = 256 * 1024;

@ApiTags('Applications')
@Controller('applications')
export class ApplicationsController {
  constructor(
    private readonly applications: ApplicationsService,
    private readonly declarations: DeclarationsService,
  ) {}

  /** List applications */
  @Get()
  @RequirePermission(AccessPermissions.readApplications)
  @UseInterceptors(ListLimitInterceptor)
  @ApiAnswer(ListOf(ApplicationResponse))
  async listApplications(@Query() query: ListApplicationsQuery): Promise<ListResponse<ApplicationResponse>> {
    return toListResponse(query, await this.applications.list(query), toApplicationResponse);
  }

  /** Create an application */
  @Post()
  @RequirePermission(AccessPermissions.manageApplications)
  @ApiAnswer(ApplicationResponse, { entityTag: true })
  @ApiFailures(AccessErrors.applicationKeyTaken)
  async createApplication(
    @CurrentAuth() actor: AuthContext,
    @Body() request: CreateApplicationRequest,
  ): Promise<ApplicationResponse> {
    return toApplicationResponse(await this.applications.create(actor, request));
  }

  /** Read an application and the permissions that it declares */
  @Get(':id')
  @IdOrKey()
  @RequirePermission(AccessPermissions.readApplications)
  @ApiAnswer(ApplicationDetailsResponse, { entityTag: true })
  @ApiFailures(AccessErrors.noSuchApplication)
  async getApplication(@Param('id') id: string): Promise<ApplicationDetailsResponse> {
    return toApplicationDetailsResponse(await this.applications.get(id));
  }

  /** Change an application; its key stays */
  @Patch(':id')
  @IdOrKey()
  @MayNameRevision()
  @RequirePermission(AccessPermissions.manageApplications)
  @ApiAnswer(ApplicationResponse, { entityTag: true })
  @ApiFailures(AccessErrors.noSuchApplication, PlatformErrors.changedMeanwhile)
  async updateApplication(
    @CurrentAuth() actor: AuthContext,
    @Param('id') id: string,
    @Body() request: UpdateApplicationRequest,
    @BasedOn() revision: number | undefined,
  ): Promise<ApplicationResponse> {
    return toApplicationResponse(await this.applications.update(actor, id, request, revision));
  }

  /** Delete an application of whose permissions no role lists any */
  @Delete(':id')
  @IdOrKey()
  @MayNameRevision()
  @RequirePermission(AccessPermissions.manageApplications)
  @ApiAnswer(null)
  @ApiFailures(AccessErrors.noSuchApplication, AccessErrors.permissionsInUse, PlatformErrors.changedMeanwhile)
  async deleteApplication(
    @CurrentAuth() actor: AuthContext,
    @Param('id') id: string,
    @BasedOn() revision: number | undefined,
  ): Promise<void> {
    await this.applications.delete(actor, id, revision);
  }

  /**
   * Declare the permissions of an application
   *
   * @remarks For the application itself, at each of its starts: what is declared already changes nothing. A permission
   * that is missing is retired: it still counts where a role lists it, and can be granted to nobody any more. With
   * `applications:declare` alone, only for an application that one owns; others look absent. The body may have 256 KiB.
   */
  @Put(':id/permissions')
  @IdOrKey()
  @MayNameRevision()
  @LargeBody(DECLARATION_LIMIT)
  @RequirePermission(AccessPermissions.manageApplications, AccessPermissions.declarePermissions)
  @ApiAnswer(DeclaredPermissionsResponse)
  @ApiFailures(AccessErrors.noSuchApplication, AccessErrors.retiresTooMuch, PlatformErrors.changedMeanwhile)
  async declarePermissions(
    @CurrentAuth() actor: AuthContext,
    @Param('id') id: string,
    @Body() request: DeclarePermissionsRequest,
    @BasedOn() revision: number | undefined,
  ): Promise<DeclaredPermissionsResponse> {
    return toDeclaredPermissionsResponse(await this.declarations.declareAs(actor, id, request, revision));
  }
}
