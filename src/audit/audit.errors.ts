import { defineErrors } from '../platform/errors/app-error.js';

export const AuditErrors = defineErrors('audit', {
  eventsRemoved: [15001, 410],
});
