type AppErrors = typeof import('../src/platform/errors/app-error.ts');
type Translator = typeof import('../src/platform/i18n/translator.ts');
type ErrorDefinition = ReturnType<AppErrors['errorCatalogue']>[number];

const HEADER = `# Error codes

Generated from the catalogue that throws them by \`npm run docs\`; change them there. \`GET /codes\` answers the same list.

A failed call answers \`{"code", "data", "msg"}\` with the HTTP status below. **Decide on \`code\`**: numbers never change their
meaning, while \`msg\` is for people and follows \`Accept-Language\`. \`data\` is \`null\`, except that 400 may name refused fields
(\`{"errors": [{"field", "rule", "message"}]}\`) and 429 and 503 say when to come back (\`{"retry_after": seconds}\`, as in
\`Retry-After\`). 401 carries \`WWW-Authenticate: Bearer\`, 405 carries \`Allow\`.
`;

/** What the thousands of a code stand for. */
const BLOCKS = new Map([
  [10, 'The request and the service'],
  [11, 'Sign-in, tokens, sessions'],
  [12, 'Users'],
  [13, 'Roles and permissions'],
  [14, 'Menus'],
  [15, 'Audit'],
  [16, 'Mail and codes'],
]);

/** The text of docs/errors.md: every failure that the loaded modules declare, in every language. */
export function renderErrorsPage(catalogue: readonly ErrorDefinition[], translator: Translator): string {
  const blocks = Map.groupBy(catalogue, ({ code }) => Math.floor(code / 1_000));
  return [HEADER, ...[...blocks].map(([block, errors]) => section(block, errors, translator))].join('\n');
}

function section(
  block: number,
  errors: readonly ErrorDefinition[],
  { LANGUAGES, translate }: Translator,
): string {
  const row = ({ code, status, key }: ErrorDefinition) =>
    `| ${[code, status, `\`${key}\``, ...LANGUAGES.map((language) => translate(key, language))].join(' | ')} |`;
  return `## ${block}xxx: ${BLOCKS.get(block) ?? 'Others'}

| Code | Status | Key | ${LANGUAGES.join(' | ')} |
|---|---|---|${'---|'.repeat(LANGUAGES.length)}
${errors.map(row).join('\n')}
`;
}
