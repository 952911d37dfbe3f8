import { text } from 'node:stream/consumers';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ADMINISTRATOR } from './access/access.service.js';
import { createApp } from './app.js';
import { CliModule } from './app.module.js';
import { loadConfig, type Config } from './config/config.js';
import { describeApi, toYaml } from './openapi/describe-api.js';
import { OPERATOR } from './platform/security/auth-context.js';
import { seed, type Seeded, type SeedRequest } from './seed.js';
import { SessionsService } from './sessions/sessions.service.js';
import { StartError } from './start-error.js';
import { parseIdentifier, type Identifier } from './users/identifiers.js';
import type { User } from './users/user.entity.js';
import { UserAdministrationService } from './users/user-administration.service.js';
import { UsersService } from './users/users.service.js';

/** Creates an active administrator with the password on standard input. */
export async function createAdministrator(
  config: Config,
  profile: { readonly username: string; readonly fullName: string; readonly email?: string },
): Promise<User> {
  const password = await passwordFromInput();
  return inModules(config, async (modules) => {
    const { user } = await modules
      .get(UsersService)
      .create(OPERATOR, { ...profile, password, roles: [ADMINISTRATOR] });
    return user;
  });
}

/** Sets the password on standard input for a user and ends all sessions of the user. */
export async function resetPassword(config: Config, identifier: string): Promise<User> {
  const parsed = readIdentifier(config, identifier);
  const password = await passwordFromInput();
  return inModules(config, async (modules) => {
    const user = await findUser(modules, parsed);
    await modules.get(UserAdministrationService).setPassword(OPERATOR, user.id, password, 'password');
    return user;
  });
}

/** Ends all sessions of a user, or without one all there are; answers how many. */
export async function revokeSessions(config: Config, identifier: string | undefined): Promise<number> {
  const parsed = identifier === undefined ? undefined : readIdentifier(config, identifier);
  return inModules(config, async (modules) => {
    const sessions = modules.get(SessionsService);
    if (parsed === undefined) return sessions.revokeEverybody(OPERATOR);
    const user = await findUser(modules, parsed);
    return sessions.revokeAll(user.id, OPERATOR);
  });
}

/** Fills the database with people who do not exist. */
export async function seedPeople(config: Config, request: SeedRequest): Promise<Seeded> {
  return inModules(config, (modules) => seed(modules, request));
}

/** The OpenAPI document as YAML. It needs the routes and no database, so it is made with the settings of a trial. */
export async function openApiDocument(): Promise<string> {
  const config = loadConfig({
    DOCS_ENABLED: 'false',
    LOG_LEVEL: 'silent',
    DATABASE_URL: 'mysql://nobody@127.0.0.1:1/none',
  });
  const app = await createApp(config);
  try {
    return toYaml(describeApi(app));
  } finally {
    await app.close();
  }
}

function readIdentifier(config: Config, text: string): Identifier {
  const parsed = parseIdentifier(text, config.service.defaultPhoneRegion);
  // Not quoted: it may be a password in the wrong place.
  if (parsed === undefined) throw new StartError('That is no user name, e-mail address or phone number.');
  return parsed;
}

async function findUser(modules: INestApplicationContext, identifier: Identifier): Promise<User> {
  const user = await modules.get(UsersService).findByIdentifier(identifier);
  if (user === undefined) throw new StartError(`There is no user ${identifier.value}.`);
  return user;
}

async function inModules<T>(
  config: Config,
  work: (modules: INestApplicationContext) => Promise<T>,
): Promise<T> {
  const modules = await NestFactory.createApplicationContext(CliModule.with(config), {
    logger: ['error', 'fatal'],
    abortOnError: false,
  });
  try {
    return await work(modules);
  } finally {
    await modules.close();
  }
}

/** Never from an argument: arguments stand in the list of processes and in the shell's history. */
async function passwordFromInput(): Promise<string> {
  if (process.stdin.isTTY) process.stderr.write('Password, then Enter and Ctrl-D: ');
  const password = (await text(process.stdin)).replace(/\r?\n$/, '');
  if (password === '')
    throw new StartError('Give the password on standard input, for example: … < password.txt');
  return password;
}
