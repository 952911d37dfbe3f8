import { randomInt } from 'node:crypto';
import type { INestApplicationContext } from '@nestjs/common';
import { ADMINISTRATOR } from '../access/access.service.js';
import type { Config } from '../config/config.js';
import { AppError } from '../platform/errors/app-error.js';
import { OPERATOR } from '../platform/security/auth-context.js';
import { UsersErrors } from './users.errors.js';
import { UsersService } from './users.service.js';

/** No letters or digits that look alike. */
const ALPHABET = 'abcdefghijkmnpqrstuvwxyz23456789';

/**
 * Makes the first administrator while there is no user at all.
 *
 * @returns the password to show, if it was generated just now
 */
export async function bootstrapAdministrator(
  app: INestApplicationContext,
  bootstrap: Config['bootstrap'],
): Promise<string | undefined> {
  const users = app.get(UsersService);
  if (await users.existsAny()) return undefined;
  const generated = bootstrap.password === undefined ? generatePassword() : undefined;
  try {
    await users.create(OPERATOR, {
      username: bootstrap.username,
      fullName: 'Administrator',
      password: generated ?? bootstrap.password ?? '',
      roles: [ADMINISTRATOR],
    });
  } catch (error) {
    // Another replica that started at the same moment was faster.
    const taken =
      error instanceof AppError && error.definition.code === UsersErrors.usernameTaken().definition.code;
    if (!taken) throw error;
    return undefined;
  }
  return generated;
}

/** 20 characters of 32 possible ones: 100 random bits, in groups that can be typed. */
function generatePassword(): string {
  const group = () => Array.from({ length: 5 }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');
  return [group(), group(), group(), group()].join('-');
}
