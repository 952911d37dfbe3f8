import { definePermission } from '../platform/security/permission.js';

export const UsersPermissions = {
  create: definePermission('users:create', 'Create users'),
};
