import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { CreateApplicationRequest, DeclarePermissionsRequest } from '../access/applications.dto.js';
import { AccessErrors } from '../access/access.errors.js';
import { ApplicationsService } from '../access/applications.service.js';
import { DeclarationsService } from '../access/declarations.service.js';
import { validated } from '../platform/http/validation.pipe.js';
import { isPlainObject } from '../platform/plain-object.js';
import { OPERATOR } from '../platform/security/auth-context.js';
import { inModules, say, type Settings } from './modules.js';
import { StartError } from './start-error.js';

interface Options {
  readonly create?: string;
  readonly allowRetire?: true;
  readonly dryRun?: true;
}

export function addApplications(program: Command, settings: Settings): void {
  program
    .command('applications')
    .description('applications and their permissions')
    .command('declare')
    .description('make the permissions of an application those of a file')
    .argument('<file>', 'JSON: {"application": "shop", "permissions": [{"code": "orders:refund"}]}')
    .option('--create <name>', 'make the application under this name if there is none')
    .option('--allow-retire', 'even if more than half of them are retired')
    .option('--dry-run', 'only tell what would change')
    .action(async (file: string, { create, allowRetire, dryRun }: Options) => {
      const { key, permissions } = readDeclaration(file);
      const request = validated(DeclarePermissionsRequest, {
        permissions,
        ...(allowRetire && { allow_retire: true }),
        ...(dryRun && { dry_run: true }),
      });
      const declared = await inModules(settings(), async (modules) => {
        const applications = modules.get(ApplicationsService);
        if (create !== undefined && !(await exists(applications, key)))
          await applications.create(OPERATOR, validated(CreateApplicationRequest, { key, name: create }));
        return modules.get(DeclarationsService).declare(OPERATOR, key, request);
      });
      for (const code of declared.added) say(`+ ${code}`);
      for (const code of declared.changed) say(`~ ${code}`);
      for (const code of declared.retired) say(`- ${code}`);
      const { added, changed, retired, unchanged } = declared;
      const counts = `${added.length} added, ${changed.length} changed, ${retired.length} retired, ${unchanged} unchanged`;
      say(dryRun ? `It would be: ${counts}.` : `Declared: ${counts}.`);
    });
}

function readDeclaration(file: string): { readonly key: string; readonly permissions: unknown } {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    throw new StartError('The file cannot be read as JSON. Name a file such as gatehouse.permissions.json.');
  }
  const { application, permissions, ...others } = isPlainObject(value) ? value : {};
  if (typeof application !== 'string' || Object.keys(others).length > 0)
    throw new StartError('The file must hold {"application": "<key>", "permissions": […]} and nothing else.');
  return { key: application, permissions };
}

async function exists(applications: ApplicationsService, key: string): Promise<boolean> {
  try {
    await applications.find(key);
    return true;
  } catch (error) {
    if (AccessErrors.noSuchApplication.describes(error)) return false;
    throw error;
  }
}
