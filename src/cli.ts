import 'reflect-metadata';
import { runCli } from './operator-commands.js';

await runCli(process.argv);
