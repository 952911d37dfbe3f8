import { definePermission } from '../platform/security/permission.js';

export const AuthPermissions = {
  introspect: definePermission('tokens:introspect', 'Ask what a token is good for, and hear what ends'),
  check: definePermission('authz:check', 'Ask what users are permitted to do'),
};
