import { dirname } from 'node:path';
import { ConfigError, type Config } from '../config/config.js';
import { AppError } from '../platform/errors/app-error.js';
import { translate } from '../platform/i18n/translator.js';

/** Why the program cannot start, in one sentence that names the setting and the way out. */
export class StartError extends Error {}

/** The lines to show an operator whose program did not start or whose command failed. */
export function startFailure(error: unknown, config?: Config): string[] {
  if (error instanceof ConfigError) return [...error.problems, ...error.warnings];
  if (error instanceof AppError) {
    const refusals = error.details.violations ?? [];
    const sentence = translate(error.definition.key, 'en');
    if (refusals.length === 0)
      return [error.details.cause === undefined ? sentence : describe(error.details.cause, config, sentence)];
    return refusals.map(({ field, rule, params }) => `${field}: ${translate(`rule.${rule}`, 'en', params)}`);
  }
  if (error instanceof StartError) return [error.message];
  return [describe(error, config)];
}

function describe(error: unknown, config: Config | undefined, about = ''): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const server = config?.database.kind === 'mysql' ? `${config.database.host}:${config.database.port}` : '';
  const setting = 'DATABASE_URL (or DATABASE_HOST and its companions)';
  const { name: folder, path } = folderSetting(error, config);
  switch (code) {
    case 'EADDRINUSE':
      return `${portSetting(error, config)} is in use. Stop the other program, or set it to a free one (0: any).`;
    case 'EADDRNOTAVAIL':
      return `HOST: this machine has no address ${config?.http.host}. Set HOST to one that it has, or to 0.0.0.0.`;
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      if ('syscall' in error && error.syscall === 'listen') {
        return `${portSetting(error, config)} needs a permission that this user lacks. Set it to one above 1023.`;
      }
      return `${folder}: ${path} is not writable (${code}). Give this user the right to write, or set ${folder}.`;
    case 'ENOENT':
    case 'ENOTDIR':
    case 'EEXIST':
    case 'SQLITE_CANTOPEN':
    case 'SQLITE_READONLY':
      return `${folder}: cannot use ${path} as a folder for data (${code}). Set ${folder} to a writable folder.`;
    case 'SQLITE_NOTADB':
      return `DATA_DIR: the file of the database in ${config?.service.dataDir} is no SQLite database. Move it away or restore it.`;
    case 'ER_ACCESS_DENIED_ERROR':
    case 'ER_ACCESS_DENIED_NO_PASSWORD_ERROR':
      return `${setting}: the server at ${server} refuses this user or password. Correct them.`;
    case 'ER_DBACCESS_DENIED_ERROR':
      return `${setting}: this user may not use the database. Grant it all privileges on it.`;
    case 'ER_BAD_DB_ERROR':
      return `${setting}: there is no such database on ${server}. Create it, or name another one.`;
    case 'ECONNREFUSED':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'ETIMEDOUT':
    case 'EHOSTUNREACH':
    case 'ECONNRESET':
    case 'PROTOCOL_CONNECTION_LOST':
      return `${setting}: no database server answers at ${server} (${code}). Start it, or correct the address.`;
    default:
      if (code === 'ER_NO_SUCH_TABLE' || error.message.startsWith('no such table')) {
        return 'The database has no schema yet, or an older one: run "npm run cli -- migrate up".';
      }
      // Our own deadlines carry no code.
      if (about !== '' && server !== '')
        return `${setting}: ${error.message} (${server}). Look at it, then start again.`;
      return error.message;
  }
}

/** The setting of the folder that could not be used, and the folder. */
function folderSetting(error: Error, config: Config | undefined) {
  const failed = 'path' in error && typeof error.path === 'string' ? error.path : '';
  const keys = dirname(config?.keyring.keysFile ?? '');
  const data = config?.service.dataDir ?? '';
  const meant = (folder: string) => `${failed}/`.startsWith(`${folder}/`) || folder.startsWith(`${failed}/`);
  return failed !== '' && meant(keys) && !meant(data)
    ? { name: 'KEYS_FILE', path: keys }
    : { name: 'DATA_DIR', path: data };
}

/** The setting of the port that could not be listened on, and its number. */
function portSetting(error: Error, config: Config | undefined): string {
  const port = 'port' in error && typeof error.port === 'number' ? error.port : config?.http.port;
  const name = port === config?.http.managementPort ? 'MANAGEMENT_PORT' : 'PORT';
  return `${name}: port ${port}`;
}
