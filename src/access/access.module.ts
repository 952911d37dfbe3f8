import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AccessRepository } from './access.repository.js';
import { AccessService } from './access.service.js';
import { Application, ApplicationPermission } from './application.entity.js';
import { ApplicationsController } from './applications.controller.js';
import { ApplicationsService } from './applications.service.js';
import { RolesController } from './roles.controller.js';
import { RolesService } from './roles.service.js';
import { Role, RolePermission, UserRole } from './role.entity.js';

@Module({
  imports: [TypeOrmModule.forFeature([Role, RolePermission, UserRole, Application, ApplicationPermission])],
  controllers: [RolesController, ApplicationsController],
  providers: [AccessRepository, AccessService, RolesService, ApplicationsService],
  exports: [AccessService, ApplicationsService],
})
export class AccessModule {}
