import { z } from 'zod';
import { duration } from './kinds.js';
import { setting } from './setting.js';
import { slice } from './slice.js';

const schema = z.object({
  retention: setting('AUDIT_RETENTION', duration('1s', '36500d'), '365d', {
    meaning: 'How long audit events are kept.',
    effect: 'Older ones are removed for good.',
  }),
});

export const auditConfig = slice('audit', { title: 'Audit', schema }, (values) => values);
