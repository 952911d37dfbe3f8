import { Body, Controller, Delete, Get, Param, Patch, Post, Put, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { PlatformErrors } from '../platform/errors/platform-errors.js';
import { ApiAnswer, ApiFailures } from '../platform/http/api-answer.js';
import { BasedOn, MayNameRevision } from '../platform/http/entity-tag.js';
import { CurrentAuth, type AuthContext } from '../platform/security/auth-context.js';
import { RequirePermission, SignedIn } from '../platform/security/route-access.js';
import { AccessErrors } from './access.errors.js';
import { AccessPermissions } from './access.permissions.js';
import { IdOrKey } from './applications.dto.js';
import {
  CreateMenuRequest,
  MenuResponse,
  MenuTreeResponse,
  OrderMenusRequest,
  toMenuResponse,
  toMenuTreeResponse,
  UpdateMenuRequest,
} from './menus.dto.js';
import { MenusErrors } from './menus.errors.js';
import { MyMenusQuery, MyMenusResponse, toMyMenusResponse } from './my-menus.dto.js';
import { MenusService } from './menus.service.js';

@ApiTags('Menus')
@Controller()
export class MenusController {
  constructor(private readonly menus: MenusService) {}

  /**
   * What the front end of an application shows to me
   *
   * @remarks The nodes that are enabled and for which I hold one of their permissions. It protects nothing: the
   * application checks the permission of each call.
   */
  @Get('me/menus')
  @SignedIn({ alsoKeys: true })
  @ApiAnswer(MyMenusResponse, { weakTag: true })
  @ApiFailures(AccessErrors.noSuchApplication)
  async listMyMenus(
    @CurrentAuth() auth: AuthContext,
    @Query() { application }: MyMenusQuery,
  ): Promise<MyMenusResponse> {
    return toMyMenusResponse(await this.menus.visibleTo(auth, application));
  }

  /** Read the whole menu of an application */
  @Get('applications/:id/menus')
  @IdOrKey()
  @RequirePermission(AccessPermissions.readApplications)
  @ApiAnswer(MenuTreeResponse, { entityTag: true })
  @ApiFailures(AccessErrors.noSuchApplication)
  async getMenus(@Param('id') id: string): Promise<MenuTreeResponse> {
    return toMenuTreeResponse(await this.menus.read(id));
  }

  /** Add a node, as the last one of its parent */
  @Post('applications/:id/menus')
  @IdOrKey()
  @RequirePermission(AccessPermissions.manageMenus)
  @ApiAnswer(MenuResponse, { entityTag: true })
  @ApiFailures(
    AccessErrors.noSuchApplication,
    MenusErrors.noSuchMenu,
    MenusErrors.menuKeyTaken,
    MenusErrors.misplaced,
    MenusErrors.tooMany,
  )
  async createMenu(
    @CurrentAuth() actor: AuthContext,
    @Param('id') id: string,
    @Body() request: CreateMenuRequest,
  ): Promise<MenuResponse> {
    return toMenuResponse(await this.menus.create(actor, id, request));
  }

  /**
   * Arrange the children of a node
   *
   * @remarks These are the children of that parent, in this order: one call for a move, a drop and a sort. None that it
   * has may be missing, so that nobody loses what somebody else has added meanwhile.
   */
  @Put('applications/:id/menus/order')
  @IdOrKey()
  @MayNameRevision()
  @RequirePermission(AccessPermissions.manageMenus)
  @ApiAnswer(MenuTreeResponse, { entityTag: true })
  @ApiFailures(
    AccessErrors.noSuchApplication,
    MenusErrors.noSuchMenu,
    MenusErrors.misplaced,
    PlatformErrors.changedMeanwhile,
  )
  async orderMenus(
    @CurrentAuth() actor: AuthContext,
    @Param('id') id: string,
    @Body() request: OrderMenusRequest,
    @BasedOn() revision: number | undefined,
  ): Promise<MenuTreeResponse> {
    return toMenuTreeResponse(await this.menus.order(actor, id, request, revision));
  }

  /** Change a node; it stays where it is */
  @Patch('menus/:id')
  @MayNameRevision()
  @RequirePermission(AccessPermissions.manageMenus)
  @ApiAnswer(MenuResponse, { entityTag: true })
  @ApiFailures(
    MenusErrors.noSuchMenu,
    MenusErrors.menuKeyTaken,
    MenusErrors.misplaced,
    PlatformErrors.changedMeanwhile,
  )
  async updateMenu(
    @CurrentAuth() actor: AuthContext,
    @Param('id') id: string,
    @Body() request: UpdateMenuRequest,
    @BasedOn() revision: number | undefined,
  ): Promise<MenuResponse> {
    return toMenuResponse(await this.menus.update(actor, id, request, revision));
  }

  /** Delete a node that has no children */
  @Delete('menus/:id')
  @MayNameRevision()
  @RequirePermission(AccessPermissions.manageMenus)
  @ApiAnswer(null)
  @ApiFailures(MenusErrors.noSuchMenu, MenusErrors.hasChildren, PlatformErrors.changedMeanwhile)
  async deleteMenu(
    @CurrentAuth() actor: AuthContext,
    @Param('id') id: string,
    @BasedOn() revision: number | undefined,
  ): Promise<void> {
    await this.menus.delete(actor, id, revision);
  }
}
