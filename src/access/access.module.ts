import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AccessRepository } from './access.repository.js';
import { AccessService } from './access.service.js';
import { Application, ApplicationPermission } from './application.entity.js';
import { ApplicationsController } from './applications.controller.js';
import { ApplicationsService } from './applications.service.js';
import { DeclarationsService } from './declarations.service.js';
import { Menu } from './menu.entity.js';
import { MenusController } from './menus.controller.js';
import { MenusService } from './menus.service.js';
import { RolesController } from './roles.controller.js';
import { RolesService } from './roles.service.js';
import { Role, RolePermission, UserRole } from './role.entity.js';

@Module({
  imports: [
    TypeOrmModule.forFeature([Role, RolePermission, UserRole, Application, ApplicationPermission, Menu]),
  ],
  controllers: [RolesController, ApplicationsController, MenusController],
  providers: [
    AccessRepository,
    AccessService,
    RolesService,
    ApplicationsService,
    DeclarationsService,
    MenusService,
  ],
  exports: [AccessService, ApplicationsService, DeclarationsService],
})
export class AccessModule {}
