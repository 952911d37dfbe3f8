/**
 * The Helm chart: renders every example, proves the manifests against Kubernetes' own types and schemas and against what
 * we promise of them, and sees that values which cannot work are refused with a sentence. Needs npm and no cluster.
 *
 *   node test/deploy/chart.ts
 */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseAllDocuments } from 'yaml';

interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
}
type Values = Readonly<Record<string, unknown>>;

const root = join(import.meta.dirname, '../..');
const chart = join(root, 'deploy/chart');
const tools = join(import.meta.dirname, 'tools/node_modules');
const helm = execFileSync(process.execPath, [join(import.meta.dirname, 'chart-tools.ts')], {
  encoding: 'utf8',
}).trim();

let passed = 0;
let failed = 0;

async function check(fact: string, proof: () => void | Promise<void>): Promise<void> {
  try {
    await proof();
    passed += 1;
    console.log(`ok    ${fact}`);
  } catch (error) {
    failed += 1;
    console.log(
      `FAIL  ${fact}\n      ${String(error instanceof Error ? error.message : error).replaceAll('\n', '\n      ')}`,
    );
  }
}

/** @param values laid over the example, as `--set-json` takes them: paths and their values */
function helmRun(command: readonly string[], example: string, values: Values = {}) {
  const set = Object.entries(values).flatMap(([path, value]) => [
    '--set-json',
    `${path}=${JSON.stringify(value)}`,
  ]);
  return spawnSync(helm, [...command, chart, '-f', join(chart, 'examples', example), ...set], {
    encoding: 'utf8',
  });
}

function rendered(example: string, values: Values = {}): Manifest[] {
  const run = helmRun(['template', 'id', '--namespace', 'auth'], example, values);
  assert.equal(run.status, 0, run.stderr);
  // Version 1.1, as Kubernetes reads it: 0440 is octal and a bare `off` is false.
  return parseAllDocuments(run.stdout, { version: '1.1' })
    .map((document) => document.toJS() as unknown)
    .filter((document): document is Manifest => document !== null);
}

/** What stands at a path such as `spec.template.spec`; undefined where there is nothing. */
function at(object: unknown, path: string): unknown {
  let here = object;
  for (const name of path.split('.')) here = Object(here)[name] as unknown;
  return here;
}

function one(manifests: readonly Manifest[], kind: string): Manifest {
  const found = manifests.filter((manifest) => manifest.kind === kind);
  assert.equal(found.length, 1, `${found.length} of ${kind}`);
  return found[0] ?? assert.fail();
}

/** Formats, patterns and ranges, by the schemas; they let unknown fields pass. */
async function validate(manifest: Manifest): Promise<void> {
  const file = join(tools, 'kubernetes-models', manifest.apiVersion, `${manifest.kind}.js`);
  const models: Readonly<Record<string, new (data: Manifest) => { validate(): void }>> = await import(
    pathToFileURL(file).href
  );
  const Model = models[manifest.kind] ?? assert.fail(`no schema of ${manifest.apiVersion} ${manifest.kind}`);
  new Model(manifest).validate();
}

/** Unknown and misspelt fields: the compiler refuses them in a literal of the type. */
function typeCheck(manifests: readonly Manifest[]): string {
  const folder = join(tools, '.manifests');
  const file = join(folder, 'manifests.ts');
  const lines = manifests.map(
    (manifest, n) =>
      `import type { I${manifest.kind} as T${n} } from 'kubernetes-models/${manifest.apiVersion}/${manifest.kind}';\n` +
      `export const m${n}: T${n} = ${JSON.stringify(manifest)};`,
  );
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, lines.join('\n'));
  const options =
    '--ignoreConfig --noEmit --strict --skipLibCheck --module esnext --moduleResolution bundler'.split(' ');
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  return spawnSync(process.execPath, [tsc, ...options, file], { encoding: 'utf8' }).stdout;
}

/** Pod Security Standard "restricted", and what we promise beyond it. */
function assertRestricted(pod: unknown): void {
  const containers = at(pod, 'containers');
  assert(Array.isArray(containers) && containers.length === 1);
  assert.equal(at(pod, 'automountServiceAccountToken'), false);
  assert.equal(at(pod, 'enableServiceLinks'), false);
  assert.equal(at(pod, 'securityContext.runAsNonRoot'), true);
  assert.equal(at(pod, 'securityContext.runAsUser'), 10001);
  assert.equal(at(pod, 'securityContext.fsGroup'), 10001);
  assert.equal(at(pod, 'securityContext.seccompProfile.type'), 'RuntimeDefault');
  const context = at(containers[0], 'securityContext');
  assert.deepEqual(context, {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'] },
  });
  assert(at(containers[0], 'resources.limits.memory'), 'no limit on memory');
  const volumes = at(pod, 'volumes');
  assert(Array.isArray(volumes));
  for (const volume of volumes) {
    if (at(volume, 'secret')) assert.equal(at(volume, 'secret.defaultMode'), 0o440, 'mode of a Secret');
  }
}

const podOf = (manifest: Manifest) => at(manifest, 'spec.template.spec');
const container = (manifest: Manifest) => at(podOf(manifest), 'containers.0');
const secretsOf = (manifest: Manifest) =>
  (at(podOf(manifest), 'volumes') as unknown[])
    .map((volume) => at(volume, 'secret.secretName'))
    .filter(Boolean);

/** Names of the settings that a rendered chart hands to the service, without the _FILE of a value that is in a file. */
function settingsIn(manifests: readonly Manifest[]): string[] {
  const job = manifests
    .filter(({ kind }) => kind === 'Job')
    .flatMap((manifest) => at(container(manifest), 'env') as unknown[]);
  const names = [
    ...Object.keys(Object(at(one(manifests, 'ConfigMap'), 'data'))),
    ...job.map((entry) => at(entry, 'name')),
  ];
  return names.map((name) => String(name).replace(/(?<!^KEYS)_FILE$/, ''));
}

const examples = readdirSync(join(chart, 'examples')).sort();
const all: Manifest[] = [];
for (const example of examples) {
  await check(`${example}: lints`, () => {
    const run = helmRun(['lint', '--strict'], example);
    assert.equal(run.status, 0, run.stdout + run.stderr);
  });
  await check(`${example}: renders what Kubernetes' schemas take`, async () => {
    const manifests = rendered(example);
    for (const manifest of manifests) await validate(manifest);
    all.push(...manifests);
  });
  await check(`${example}: pods are restricted, and no Secret is made`, () => {
    const manifests = rendered(example);
    for (const manifest of manifests) {
      assert.notEqual(manifest.kind, 'Secret');
      if (podOf(manifest)) assertRestricted(podOf(manifest));
    }
    assert.equal(at(one(manifests, 'ServiceAccount'), 'automountServiceAccountToken'), false);
  });
  await check(`${example}: the notes name the first steps`, () => {
    const run = helmRun(['install', 'id', '--dry-run=client'], example);
    assert.match(run.stdout, /cli\/main\.js admin create/);
    assert.match(run.stdout, /create secret generic gatehouse-keys/);
  });
}

await check('every manifest has only fields that Kubernetes knows', () => assert.equal(typeCheck(all), ''));
await check('… and a misspelt one would be seen', () => {
  const wrong = structuredClone(one(rendered('mysql.yaml'), 'Deployment'));
  Object.assign(Object(container(wrong)), { readinesProbe: {} });
  assert.match(typeCheck([wrong]), /readinesProbe/);
});
await check('every setting that the chart hands over is one of docs/configuration.md', () => {
  const page = join(root, 'docs/configuration.md');
  assert(existsSync(page), 'docs/configuration.md is missing');
  const text = readFileSync(page, 'utf8');
  const unknown = examples
    .flatMap((example) => settingsIn(rendered(example)))
    .filter((name) => !text.includes(`\`${name}\``));
  assert.deepEqual(unknown, []);
});

await check('MySQL: no replica is taken away before its successor is ready', () => {
  const deployment = one(rendered('mysql.yaml'), 'Deployment');
  assert.deepEqual(at(deployment, 'spec.strategy'), {
    type: 'RollingUpdate',
    rollingUpdate: { maxUnavailable: 0, maxSurge: 1 },
  });
  assert.equal(at(container(deployment), 'livenessProbe.httpGet.path'), '/health/live');
  assert.equal(at(container(deployment), 'readinessProbe.httpGet.path'), '/health/ready');
  assert.equal(at(container(deployment), 'startupProbe.httpGet.path'), '/health/live');
  assert.equal(at(podOf(deployment), 'topologySpreadConstraints.length'), 2);
});
await check(
  'MySQL: the schema is altered by a hook under an account of its own, which the service never sees',
  () => {
    const manifests = rendered('mysql.yaml');
    const [job, deployment] = [one(manifests, 'Job'), one(manifests, 'Deployment')];
    assert.equal(Object(at(job, 'metadata.annotations'))['helm.sh/hook'], 'pre-install,pre-upgrade');
    assert.deepEqual(at(container(job), 'args'), ['dist/src/cli/main.js', 'migrate', 'up']);
    assert.deepEqual(secretsOf(job), ['gatehouse-database-migration', 'mysql-ca']);
    assert.deepEqual(secretsOf(deployment), ['gatehouse-keys', 'gatehouse-database', 'mysql-ca']);
    assert.equal(at(one(manifests, 'ConfigMap'), 'data.MIGRATE'), 'off');
  },
);
await check('… and without the Job the service does it at its start', () => {
  const manifests = rendered('mysql.yaml', { 'migration.enabled': false, 'migration.existingSecret': '' });
  assert(!manifests.some(({ kind }) => kind === 'Job'));
  assert.equal(at(one(manifests, 'ConfigMap'), 'data.MIGRATE'), 'auto');
});
await check('the Service and the budget never select the migration', () => {
  const manifests = rendered('mysql.yaml');
  const labels = at(one(manifests, 'Deployment'), 'spec.selector.matchLabels');
  assert.deepEqual(at(one(manifests, 'Service'), 'spec.selector'), labels);
  assert.deepEqual(at(one(manifests, 'PodDisruptionBudget'), 'spec.selector.matchLabels'), labels);
  assert.equal(Object(labels)['app.kubernetes.io/component'], 'server');
  assert.equal(
    Object(at(one(manifests, 'Job'), 'spec.template.metadata.labels'))['app.kubernetes.io/component'],
    'migration',
  );
});
await check('SQLite: one replica, replaced only after it has let go, on a volume that stays', () => {
  const manifests = rendered('minimal-sqlite.yaml');
  const deployment = one(manifests, 'Deployment');
  assert.equal(at(deployment, 'spec.replicas'), 1);
  assert.deepEqual(at(deployment, 'spec.strategy'), { type: 'Recreate' });
  assert.equal(
    Object(at(one(manifests, 'PersistentVolumeClaim'), 'metadata.annotations'))['helm.sh/resource-policy'],
    'keep',
  );
  assert(!manifests.some(({ kind }) => kind === 'Job' || kind === 'PodDisruptionBudget'));
});
await check('a changed setting replaces the replicas, a changed number of them does not', () => {
  const template = (values: Values) => at(one(rendered('mysql.yaml', values), 'Deployment'), 'spec.template');
  assert.notDeepEqual(template({ settings: { LOG_LEVEL: 'debug' } }), template({}));
  assert.deepEqual(template({ replicas: 5 }), template({}));
});
await check('autoscaling owns the number of replicas', () => {
  assert.equal(at(one(rendered('ingress-hpa.yaml'), 'Deployment'), 'spec.replicas'), undefined);
});
await check('metrics reach no Service and no Ingress, and only whom the network policy names', () => {
  const manifests = rendered('ingress-hpa.yaml');
  assert.equal(at(one(manifests, 'Service'), 'spec.ports.length'), 1);
  const rules = at(one(manifests, 'NetworkPolicy'), 'spec.ingress') as unknown[];
  const metrics = rules.filter((rule) => at(rule, 'ports.0.port') === 'metrics');
  assert.equal(metrics.length, 1);
  assert(at(metrics[0], 'from.length'));
});
await check(
  'mail: the account and the authority are files of Secrets, and the relay alone is let through',
  () => {
    const manifests = rendered('ingress-hpa.yaml');
    const data = Object(at(one(manifests, 'ConfigMap'), 'data'));
    assert.equal(data.SMTP_HOST, 'smtp.example.com');
    assert.equal(data.SMTP_PASSWORD_FILE, '/run/secrets/mail/password');
    const deployment = one(manifests, 'Deployment');
    for (const secret of ['gatehouse-mail', 'mail-ca']) assert(secretsOf(deployment).includes(secret));
    const ports = (at(one(manifests, 'NetworkPolicy'), 'spec.egress') as unknown[]).map((rule) =>
      at(rule, 'ports.0.port'),
    );
    assert.deepEqual(ports, [53, 3306, 587]);
    const without = rendered('mysql.yaml');
    assert(
      !Object.keys(Object(at(one(without, 'ConfigMap'), 'data'))).some((name) =>
        /^(?:SMTP|MAIL)_/.test(name),
      ),
    );
  },
);
await check('numbers and words of YAML arrive as they were written', () => {
  const data = at(
    one(
      rendered('mysql.yaml', {
        settings: { RENEW_ADDRESS_FAILURES: 1_000_000, DOCS_ENABLED: true },
        'database.tls': false,
        'database.caSecret': '',
      }),
      'ConfigMap',
    ),
    'data',
  );
  assert.equal(at(data, 'RENEW_ADDRESS_FAILURES'), '1000000');
  assert.equal(at(data, 'DOCS_ENABLED'), 'true');
  assert.equal(at(data, 'DATABASE_TLS'), 'off');
});

/** What must be refused: the example, what is laid over it, and a part of the sentence. */
const refused: readonly (readonly [string, Values, string])[] = [
  ['minimal-sqlite.yaml', { replicas: 2 }, 'replicas is 2, but SQLite is one file with one writer'],
  ['minimal-sqlite.yaml', { 'autoscaling.enabled': true }, 'autoscaling needs MySQL'],
  ['minimal-sqlite.yaml', { 'database.host': 'db' }, 'choose one database'],
  ['mysql.yaml', { 'tokens.issuer': '' }, 'tokens.issuer is missing'],
  ['mysql.yaml', { 'tokens.audience': '' }, 'tokens.audience is missing'],
  ['mysql.yaml', { 'keys.existingSecret': '' }, 'keys.existingSecret is missing'],
  ['mysql.yaml', { 'database.host': '' }, 'database.host is missing'],
  ['mysql.yaml', { 'database.existingSecret': '' }, 'database.existingSecret is missing'],
  ['mysql.yaml', { 'migration.existingSecret': '' }, 'migration.existingSecret is missing'],
  ['mysql.yaml', { 'migration.enabled': false }, 'nothing would use that account'],
  ['mysql.yaml', { 'database.tls': 'off' }, 'database.caSecret is used by database.tls verify only'],
  ['mysql.yaml', { 'sqlite.existingClaim': 'data' }, 'nothing would use that volume'],
  ['mysql.yaml', { trustProxy: '10.0.0.0/8,0.0.0.0/0' }, 'trustProxy believes everyone'],
  ['mysql.yaml', { trustProxy: '::/0' }, 'trustProxy believes everyone'],
  ['mysql.yaml', { 'shutdown.delaySeconds': 45 }, 'requests would be cut off'],
  ['mysql.yaml', { settings: { PORT: '80' } }, 'settings.PORT is set by the chart itself'],
  ['mysql.yaml', { settings: { KEYS_FILE: '/x' } }, 'settings.KEYS_FILE is set by the chart itself'],
  [
    'mysql.yaml',
    { settings: { DATABASE_PASSWORD_FILE: '/x' } },
    'settings.DATABASE_PASSWORD_FILE is set by the chart',
  ],
  ['mysql.yaml', { settings: { BOOTSTRAP_ADMIN_PASSWORD: 'x' } }, 'does nothing in production'],
  ['ingress-hpa.yaml', { trustProxy: '' }, 'ingress is on, but trustProxy is not set'],
  ['ingress-hpa.yaml', { trustProxy: 0 }, 'ingress is on, but trustProxy is not set'],
  ['ingress-hpa.yaml', { 'ingress.host': '' }, 'ingress.host is missing'],
  ['ingress-hpa.yaml', { 'autoscaling.minReplicas': 11 }, 'autoscaling.minReplicas (11) is more than'],
  ['ingress-hpa.yaml', { 'resources.requests.cpu': null }, 'resources.requests.cpu, which is not set'],
  ['mysql.yaml', { 'mail.host': 'smtp.example.com' }, 'mail.from is missing'],
  ['mysql.yaml', { 'mail.existingSecret': 'mail' }, 'mail.host is missing'],
  ['mysql.yaml', { settings: { SMTP_PASSWORD: 'x' } }, 'settings.SMTP_PASSWORD is set by the chart itself'],
  // by the schema
  ['mysql.yaml', { replica: 3 }, "'replica' not allowed"],
  ['mysql.yaml', { 'database.type': 'postgres' }, "'mysql', 'mariadb', 'sqlite'"],
  ['mysql.yaml', { replicas: 0 }, '/replicas'],
  ['mysql.yaml', { settings: { 'log-level': 'info' } }, 'log-level'],
];
for (const [example, values, sentence] of refused) {
  await check(`${example} with ${JSON.stringify(values)} is refused: ${sentence}`, () => {
    const run = helmRun(['template', 'id'], example, values);
    assert.notEqual(run.status, 0, 'it was rendered');
    assert(run.stderr.includes(sentence), run.stderr);
  });
}
await check('all that is wrong is told at once', () => {
  const { stderr } = helmRun(['template', 'id'], 'minimal-sqlite.yaml', {
    replicas: 3,
    tokens: { issuer: '', audience: '' },
  });
  assert.equal(stderr.match(/^ {2}\* /gm)?.length, 3, stderr);
});

console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
