import { definePermission } from '../platform/security/permission.js';

export const AccessPermissions = {
  readRoles: definePermission('roles:read', 'See roles and permissions'),
  manageRoles: definePermission('roles:manage', 'Create, change and delete roles'),
  assignRoles: definePermission('roles:assign', 'Give roles to users and take them away'),
  readApplications: definePermission('applications:read', 'See applications and what they declare'),
  manageApplications: definePermission('applications:manage', 'Create, change and delete applications'),
  declarePermissions: definePermission(
    'applications:declare',
    'Declare the permissions of an application that one owns',
  ),
  manageMenus: definePermission('menus:manage', 'Arrange the menus of applications'),
};
