/**
 * Fills the database of the environment with the product's own seed, so that it follows every change of the schema.
 * Arguments: users, sessions. Prints the password of the seeded
 * users. JavaScript, because it works on the build.
 */
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { CliModule } from '../dist/src/app.module.js';
import { loadConfig } from '../dist/src/config/config.js';
import { seed } from '../dist/seed/seed.js';

const [users, sessions] = process.argv.slice(2).map(Number);
const config = loadConfig(process.env, { passwordRefusals: () => [] });
const app = await NestFactory.createApplicationContext(CliModule.with(config), {
  logger: ['error'],
  abortOnError: false,
});
const { password } = await seed(app, { users, sessions });
process.stdout.write(password);
await app.close();
process.exit();
