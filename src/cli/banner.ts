import { relative } from 'node:path';
import type { Config } from '../config/config.js';
import { VERSION } from '../platform/version.js';

/** The box that a trial shows when it is ready: where to go and, the first time, how to get in. */
export function banner(config: Config, url: string, password: string | undefined): string {
  const { database, bootstrap, http } = config;
  const rows: Array<[string, string]> = [
    ['API', url],
    ...(http.docsEnabled ? ([['Swagger UI', `${url}/docs`]] satisfies Array<[string, string]>) : []),
    [
      'Database',
      database.kind === 'sqlite'
        ? `SQLite in ${shortPath(database.file)}`
        : `${database.dialect}, ${database.name} on ${database.host}:${database.port}`,
    ],
    ['User name', bootstrap.username],
    ...passwordRows(password, bootstrap),
  ];
  const lines = [
    `Gatehouse ${VERSION} is ready. This is a trial; for production see README.md.`,
    '',
    ...rows.map(([label, value]) => `${label.padEnd(12)}${value}`),
  ];
  const width = Math.max(...lines.map((line) => line.length));
  const edge = '─'.repeat(width + 4);
  const body = lines.map((line) => `│  ${line.padEnd(width)}  │`);
  return [`╭${edge}╮`, ...body, `╰${edge}╯`, ''].join('\n');
}

function passwordRows(password: string | undefined, bootstrap: Config['bootstrap']): Array<[string, string]> {
  if (password === undefined) {
    return [
      [
        'Password',
        bootstrap.password === undefined ? 'as shown at the first start' : 'as in BOOTSTRAP_ADMIN_PASSWORD',
      ],
      ['', `Forgotten: npm run cli -- users reset-password ${bootstrap.username}`],
    ];
  }
  return [
    ['Password', password],
    ['', 'Keep it: it is shown only this once.'],
  ];
}

function shortPath(file: string): string {
  const path = relative(process.cwd(), file);
  return path.startsWith('..') ? file : `./${path}`;
}
