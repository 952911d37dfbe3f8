import { definePermission } from '../platform/security/permission.js';

export const UsersPermissions = {
  read: definePermission('users:read', 'See users'),
  create: definePermission('users:create', 'Create users'),
  update: definePermission('users:update', 'Change, disable and enable users'),
  delete: definePermission('users:delete', 'Delete users'),
  resetFactors: definePermission('users:reset_factors', 'Remove the second factors of users'),
  setPassword: definePermission('users:set_password', 'Set the passwords of users'),
};
