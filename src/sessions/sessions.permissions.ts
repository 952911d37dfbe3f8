import { definePermission } from '../platform/security/permission.js';

export const SessionsPermissions = {
  read: definePermission('sessions:read', 'See where users are signed in'),
  revoke: definePermission('sessions:revoke', 'End the sessions of users'),
};
