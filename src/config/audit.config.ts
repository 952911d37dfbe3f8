import { duration } from './kinds.js';
import { setting, slice } from './slice.js';

const settings = {
  retention: setting('AUDIT_RETENTION', duration('1s', '36500d'), '365d', {
    meaning: 'How long audit events are kept.',
    effect: 'Older ones are removed for good.',
  }),
};

export const auditConfig = slice('audit', 'Audit', settings, (values) => values);
