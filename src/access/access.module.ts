import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AccessRepository } from './access.repository.js';
import { AccessService } from './access.service.js';
import { RolesController } from './roles.controller.js';
import { RolesService } from './roles.service.js';
import { Role, RolePermission, UserRole } from './role.entity.js';

@Module({
  imports: [TypeOrmModule.forFeature([Role, RolePermission, UserRole])],
  controllers: [RolesController],
  providers: [AccessRepository, AccessService, RolesService],
  exports: [AccessService],
})
export class AccessModule {}
