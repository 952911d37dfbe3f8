import { relative } from 'node:path';
import type { Config } from '../config/config.js';
import { VERSION } from '../platform/version.js';

/** The box that a trial shows when it is ready: where to go and, the first time, how to get in. */
export function banner({ database, bootstrap, http, mail }: Config, url: string, password?: string): string {
  const { username } = bootstrap;
  const place =
    database.kind === 'sqlite'
      ? `SQLite in ${shortPath(database.file)}`
      : `${database.dialect}, ${database.name} on ${database.host}:${database.port}`;
  const known =
    bootstrap.password === undefined ? 'as shown at the first start' : 'as in BOOTSTRAP_ADMIN_PASSWORD';
  const lines = [
    `Gatehouse ${VERSION} is ready. This is a trial; for production see README.md.`,
    '',
    `API         ${url}`,
    ...(http.docsEnabled ? [`Swagger UI  ${url}/docs`] : []),
    `Database    ${place}`,
    `Mail        ${mailPlace(mail)}`,
    `User name   ${username}`,
    `Password    ${password ?? known}`,
    password === undefined
      ? `            Forgotten: npm run cli -- users reset-password ${username}`
      : '            Keep it: it is shown only this once.',
  ];
  const width = Math.max(...lines.map((line) => line.length));
  const edge = '─'.repeat(width + 4);
  return [`╭${edge}╮`, ...lines.map((line) => `│  ${line.padEnd(width)}  │`), `╰${edge}╯`, ''].join('\n');
}

function mailPlace({ smtp, folder }: Config['mail']): string {
  return smtp === undefined
    ? `written into ${shortPath(folder)}, not sent`
    : `sent by ${smtp.host}:${smtp.port}`;
}

function shortPath(file: string): string {
  const path = relative(process.cwd(), file);
  return path.startsWith('..') ? file : `./${path}`;
}
