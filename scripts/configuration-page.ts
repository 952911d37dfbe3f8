import type { Setting } from '../src/config/slice.ts';

interface Chapter {
  readonly title: string;
  readonly settings: readonly Setting[];
}

const HEADER = `# Configuration

Generated from \`src/config/\` by \`npm run docs\`; change it there.

Gatehouse is configured by environment variables, read once at the start. An empty variable counts as unset. What is
wrong stops the start, all of it at once, one line each. \`npm run cli -- config check\` says the same without starting.

**Trial and production.** \`NODE_ENV=production\` is production, anything else is a trial. A trial fills in what is
missing, so that one command is enough. Production refuses to start without readable keys, \`TOKEN_ISSUER\` and
\`TOKEN_AUDIENCE\`, and with an empty database password unless the database is on the machine itself.

**From a file.** Each setting \`NAME\` can be given as \`NAME_FILE\`, the path of a file that holds the value; one line
break at its end is dropped. Both at once are refused. Use it for what is marked *secret*.

**Units.** A duration is a whole number with a unit: \`500ms\`, \`10s\`, \`15m\`, \`12h\`, \`30d\`. Whole numbers are plain
digits. A switch is \`true\` or \`false\`. A list is separated by commas.

**Typing mistakes.** A variable whose name is one letter away from a setting earns a warning.
`;

/** The text of docs/configuration.md: every setting of these slices. */
export function renderConfigurationPage(slices: readonly Chapter[]): string {
  return [HEADER, ...slices.map(chapter)].join('\n');
}

function chapter({ title, settings }: Chapter): string {
  return `## ${title}

| Setting | Default | Takes | Meaning | Effect |
|---|---|---|---|---|
${settings.map(row).join('\n')}
`;
}

function row(setting: Setting): string {
  const { name, accepts, meaning, effect, secret } = setting;
  const title = `\`${name}\`${secret === true ? ' *secret*' : ''}`;
  // A bar would end the cell.
  const cells = [title, defaultOf(setting), accepts, meaning, effect].map((text) =>
    text.replaceAll('|', '\\|'),
  );
  return `| ${cells.join(' | ')} |`;
}

function defaultOf({ fallback, production, example, unset = '' }: Setting): string {
  if (fallback === undefined) return unset;
  if (example !== undefined) return `trial: \`${fallback}\`<br>production: must be set`;
  if (production !== undefined) return `trial: \`${fallback}\`<br>production: \`${production}\``;
  return `\`${fallback}\``;
}
