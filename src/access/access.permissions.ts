import { definePermission } from '../platform/security/permission.js';

export const AccessPermissions = {
  readRoles: definePermission('roles:read', 'See roles and permissions'),
  manageRoles: definePermission('roles:manage', 'Create, change and delete roles'),
  assignRoles: definePermission('roles:assign', 'Give roles to users and take them away'),
};
