import { writeFileSync } from 'node:fs';
import { renderConfigurationDoc } from './config/configuration-doc.js';

// `npm run docs`: writes the pages that are generated from the code.
writeFileSync('docs/configuration.md', renderConfigurationDoc());
