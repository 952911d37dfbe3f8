import { definePermission } from '../platform/security/permission.js';

export const KeysPermissions = {
  read: definePermission('keys:read', 'See the keys of users'),
  manage: definePermission('keys:manage', 'Make, replace and revoke keys'),
};
