import { text } from 'node:stream/consumers';
import type { INestApplicationContext, LogLevel } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { CliModule } from '../app.module.js';
import type { Config } from '../config/config.js';
import { parseIdentifier } from '../users/identifiers.js';
import type { User } from '../users/user.entity.js';
import { UsersService } from '../users/users.service.js';
import { StartError } from './start-error.js';

/** Reads the settings, when a command needs them. */
export type Settings = () => Config;

/**
 * Does the work in the modules of the service, without HTTP and without periodic work.
 *
 * @param logger false: what fails is told by the caller alone
 */
export async function inModules<T>(
  config: Config,
  work: (modules: INestApplicationContext) => Promise<T>,
  logger: false | LogLevel[] = ['error', 'fatal'],
): Promise<T> {
  const modules = await NestFactory.createApplicationContext(CliModule.with(config), {
    logger,
    abortOnError: false,
  });
  try {
    return await work(modules);
  } finally {
    await modules.close();
  }
}

/**
 * Reads what an operator typed for a user; the answer looks the user up.
 *
 * @throws StartError when it is no identifier. It is not quoted: it may be a password in the wrong place.
 */
export function userNamed(
  typed: string,
  config: Config,
): (modules: INestApplicationContext) => Promise<User> {
  const identifier = parseIdentifier(typed, config.service.defaultPhoneRegion);
  if (identifier === undefined) throw new StartError('That is no user name, e-mail address or phone number.');
  return async (modules) => {
    const user = await modules.get(UsersService).findByIdentifier(identifier);
    if (user === undefined) throw new StartError(`There is no user ${identifier.value}.`);
    return user;
  };
}

/** Never from an argument: arguments stand in the list of processes and in the shell's history. */
export async function passwordFromInput(): Promise<string> {
  if (process.stdin.isTTY) process.stderr.write('Password, then Enter and Ctrl-D: ');
  const password = (await text(process.stdin)).replace(/\r?\n$/, '');
  if (password === '')
    throw new StartError('Give the password on standard input, for example: … < password.txt');
  return password;
}

export function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
