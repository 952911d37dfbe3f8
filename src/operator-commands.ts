import { Command, CommanderError } from 'commander';
import { loadConfig, type Config } from './config/config.js';
import { bootstrapPasswordRefusals } from './credentials/bootstrap-password.js';
import { migrateDown, migrateUp, migrationStatus } from './database/migrator.js';
import {
  createAdministrator,
  openApiDocument,
  resetPassword,
  revokeSessions,
  seedPeople,
} from './operator-tasks.js';
import { Clock } from './platform/time/clock.js';
import { StartError, startFailure } from './start-error.js';
import { listKeys, theCurrent } from './tokens/key-files.js';
import { ensureCurrentKey, generateKeyFile, retireKeys, rotateKeys } from './tokens/key-rotation.js';
import { VERSION } from './platform/version.js';

/** The operator's commands, on the same modules and settings as the server. Failures are sentences and exit with 1. */
export async function runCli(argv: readonly string[]): Promise<void> {
  let config: Config | undefined;
  const settings = (): Config => {
    config = loadConfig(withoutProduction(process.env));
    return config;
  };
  const program = new Command('gatehouse')
    .description('Operator commands of Gatehouse')
    .version(VERSION)
    // Inherited by the commands below: what they refuse is told here, and not by commander, which would quote it.
    .exitOverride()
    .configureOutput({ outputError: () => undefined });
  addMigrations(program, settings);
  addPeople(program, settings);
  addSessions(program, settings);
  addSeed(program, settings);
  addKeys(program, settings);
  addInspection(program);
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

/** Reads the settings, when a command needs them. */
type Settings = () => Config;

function addMigrations(program: Command, settings: Settings): void {
  const migrate = program.command('migrate').description('the schema of the database');
  migrate
    .command('up')
    .description('apply every migration that is missing')
    .action(async () => {
      const applied = await migrateUp(settings().database);
      for (const name of applied) say(`applied ${name}`);
      say(applied.length === 0 ? 'Nothing to do: the schema is up to date.' : `${applied.length} applied.`);
    });
  migrate
    .command('down')
    .description('take back the newest migration, with the data that only it holds')
    .action(async () => {
      const name = await migrateDown(settings().database);
      say(name === undefined ? 'Nothing to do: no migration is applied.' : `took back ${name}`);
    });
  migrate
    .command('status')
    .description('which migrations are applied')
    .action(async () => {
      for (const { name, applied } of await migrationStatus(settings().database)) {
        say(`${applied ? 'applied' : 'missing'}  ${name}`);
      }
    });
}

function addPeople(program: Command, settings: Settings): void {
  program
    .command('admin')
    .description('administrators')
    .command('create')
    .description('create an administrator; the password comes from standard input')
    .argument('<username>')
    .option('--full-name <name>', 'shown to people', 'Administrator')
    .option('--email <address>')
    .action(async (username: string, options: { fullName: string; email?: string }) => {
      const user = await createAdministrator(settings(), { username, ...options });
      say(`Created the administrator ${user.username}.`);
    });
  program
    .command('users')
    .description('users')
    .command('reset-password')
    .description('set a password, read from standard input, and end all sessions of the user')
    .argument('<identifier>', 'user name, e-mail address or phone number')
    .action(async (identifier: string) => {
      const user = await resetPassword(settings(), identifier);
      say(`Set the password of ${user.username} and ended all sessions of this user.`);
    });
}

function addSessions(program: Command, settings: Settings): void {
  program
    .command('sessions')
    .description('sessions')
    .command('revoke')
    .description('end the sessions of a user, or of everybody, at once on every replica')
    .argument('[identifier]', 'user name, e-mail address or phone number')
    .option('--all', 'everybody')
    .action(async (identifier: string | undefined, { all = false }: { all?: boolean }) => {
      if (all === (identifier !== undefined)) throw new StartError('Name a user, or say --all.');
      say(`Ended ${await revokeSessions(settings(), identifier)} sessions.`);
    });
}

function addSeed(program: Command, settings: Settings): void {
  program
    .command('seed')
    .description('fill the database with people who do not exist, to look at a full system')
    .requiredOption('--users <number>', 'how many people', wholeNumber('--users'))
    .option('--sessions <number>', 'live sessions, spread over them', wholeNumber('--sessions'), 0)
    .action(async (options: { users: number; sessions: number }) => {
      const onProgress = (done: number) => process.stderr.write(`\r${done} of ${options.users} users`);
      const seeded = await seedPeople(settings(), { ...options, onProgress });
      process.stderr.write('\n');
      say(`Seeded ${seeded.users} users with ${seeded.sessions} sessions.`);
      say(`They all share one password hash, of the password ${seeded.password}`);
      say('None of them may administrate; if nobody does yet: npm run cli -- admin create <username>');
    });
}

function addKeys(program: Command, settings: Settings): void {
  const keys = program.command('keys').description('signing keys, in SIGNING_KEYS_DIR');
  const folder = () => settings().tokens;
  keys
    .command('generate')
    .description('make the first signing key, or else the next one')
    .action(async () => {
      const { signingKeysDir } = folder();
      const hasCurrent = theCurrent(await listKeys(signingKeysDir).catch(() => [])) !== undefined;
      if (hasCurrent) say(`next     ${await generateKeyFile(signingKeysDir, 'next')}`);
      else say(`current  ${await ensureCurrentKey(signingKeysDir)}`);
    });
  keys
    .command('rotate')
    .description('sign with the next key from now on, and make another next one')
    .option('--force', 'at once, even if verifiers may not know the key yet')
    .action(async ({ force = false }: { force?: boolean }) => {
      const rotation = await rotateKeys(folder().signingKeysDir, { now: new Clock().now(), force });
      say(`current  ${rotation.current}`);
      if (rotation.previous !== undefined) say(`previous ${rotation.previous}`);
      say(`next     ${rotation.next}`);
    });
  keys
    .command('retire')
    .description('remove previous keys whose tokens have all expired')
    .argument('[kid]', 'one key instead of all')
    .option('--force', 'at once: tokens signed with it end now')
    .action(async (kid: string | undefined, { force = false }: { force?: boolean }) => {
      const { signingKeysDir, accessTtl } = folder();
      const options = { now: new Clock().now(), accessTtl, force };
      const retired = await retireKeys(signingKeysDir, kid === undefined ? options : { ...options, kid });
      say(retired.length === 0 ? 'Nothing to retire.' : `retired  ${retired.join(', ')}`);
    });
  keys
    .command('list')
    .description('every key with its state and since when')
    .action(async () => {
      for (const { state, kid, since } of await listKeys(folder().signingKeysDir)) {
        say(`${state.padEnd(8)} ${kid}  since ${new Date(since).toISOString()}`);
      }
    });
}

function addInspection(program: Command): void {
  program
    .command('config')
    .description('the configuration')
    .command('check')
    .description('read all settings as the server would, and tell what is wrong')
    .action(() => {
      const config = loadConfig(process.env, { passwordRefusals: bootstrapPasswordRefusals });
      for (const warning of config.warnings) say(`Warning: ${warning}`);
      say(`The settings are fine (${config.service.production ? 'production' : 'trial'}).`);
    });
  program
    .command('openapi')
    .description('print the OpenAPI document as YAML')
    .action(async () => {
      process.stdout.write(await openApiDocument());
    });
}

/**
 * What only a production server needs is no reason to refuse a command: keys are made before there are any, and a
 * migration job knows the database and nothing else. `config check` judges as the server would.
 */
function withoutProduction(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return { ...env, NODE_ENV: undefined, NODE_ENV_FILE: undefined };
}

function wholeNumber(option: string): (text: string) => number {
  return (text) => {
    if (!/^\d{1,9}$/.test(text)) throw new StartError(`${option} must be a whole number.`);
    return Number(text);
  };
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
