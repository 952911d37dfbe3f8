import 'reflect-metadata';
import { Command, CommanderError } from 'commander';
import { loadConfig, type Config } from '../config/config.js';
import { VERSION } from '../platform/version.js';
import { addAdmin } from './admin.js';
import { addApplications } from './applications.js';
import { addConfig } from './config.js';
import { addKeys } from './keys.js';
import { addMail } from './mail.js';
import { addMigrate } from './migrate.js';
import { addOpenApi } from './openapi.js';
import { addSeed } from './seed.js';
import { addSessions } from './sessions.js';
import { startFailure } from './start-error.js';
import { addUsers } from './users.js';

/** The operator's commands, on the same modules and settings as the server. Failures are sentences and exit with 1. */
export async function runCli(argv: readonly string[]): Promise<void> {
  let config: Config | undefined;
  // What only a production server needs is no reason to refuse a command: keys are made before there are any, and a
  // migration job knows the database and nothing else. `config check` judges as the server would.
  const settings = () =>
    (config = loadConfig({ ...process.env, NODE_ENV: undefined, NODE_ENV_FILE: undefined }));
  const program = new Command('gatehouse')
    .description('Operator commands of Gatehouse')
    .version(VERSION)
    // Inherited by the commands below: what they refuse is told here, and not by commander, which would quote it.
    .exitOverride()
    .configureOutput({ outputError: () => undefined });
  for (const add of [addMigrate, addAdmin, addUsers, addSessions, addApplications, addMail, addSeed, addKeys])
    add(program, settings);
  addConfig(program);
  addOpenApi(program);
  try {
    await program.parseAsync(argv);
  } catch (error) {
    if (error instanceof CommanderError) {
      process.stderr.write(refusalOf(error));
      process.exitCode = error.exitCode;
      return;
    }
    for (const line of startFailure(error, config)) process.stderr.write(`${line}\n`);
    process.exitCode = 1;
  }
}

/** The line for a command line that was refused. It repeats nothing of it: people type passwords where none belongs. */
function refusalOf({ code, message }: CommanderError): string {
  switch (code) {
    // These have been shown.
    case 'commander.help':
    case 'commander.helpDisplayed':
    case 'commander.version':
      return '';
    case 'commander.unknownCommand':
      return 'There is no such command. Add --help to the words before it to see which there are.\n';
    case 'commander.unknownOption':
      return 'There is no such option. Add --help to the command to see which it has.\n';
    case 'commander.excessArguments':
      return 'The command takes fewer arguments. Add --help to see which. A password never is one.\n';
    // These name what was declared and nothing that was typed.
    case 'commander.missingArgument':
    case 'commander.optionMissingArgument':
    case 'commander.missingMandatoryOptionValue':
      return `${message.replace(/^error: /, '')}\n`;
    default:
      return 'The command line is not valid. Add --help to see what the command takes.\n';
  }
}

if (import.meta.main) await runCli(process.argv);
