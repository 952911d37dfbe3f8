import { definePermission } from '../platform/security/permission.js';

export const AuditPermissions = { read: definePermission('audit:read', 'See who did what') };
