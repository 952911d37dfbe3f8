import { join } from 'node:path';
import { MeasuredProcess, type ProgramSettings } from './measured-process.ts';
import { ISSUER, type SigningKey } from './people.ts';
import type { Store } from './seed.ts';
import { PEER_PASSWORD } from './work.ts';
import { freePort } from '../test/support/free-port.ts';

const ROOT = join(import.meta.dirname, '..');

export interface Place {
  /** Folder of this run. */
  readonly folder: string;
  readonly key: SigningKey;
}

interface StartOptions {
  readonly probed?: boolean;
}

/** The built program in production, logging every request at its default level to a file. */
export async function startGatehouse(
  name: string,
  place: Place,
  store: Store,
  { probed = true }: StartOptions = {},
) {
  const port = await freePort();
  const database: Record<string, string> =
    'databaseUrl' in store
      ? { DATABASE_URL: store.databaseUrl, DATA_DIR: join(place.folder, 'data') }
      : { DATA_DIR: store.dataDir };
  return start({
    name,
    // As `npm start` and the image start it.
    args: ['--max-semi-space-size=4', join(ROOT, 'dist', 'src', 'main.js')],
    env: {
      ...database,
      HOST: '127.0.0.1',
      PORT: String(port),
      TOKEN_ISSUER: ISSUER,
      TOKEN_AUDIENCE: ISSUER,
      KEYS_FILE: place.key.keysFile,
      // The load comes from one address and signs in as few people: its limits are not what is measured.
      SIGNIN_ACCOUNT_ATTEMPTS: '10000',
      SIGNIN_ADDRESS_ATTEMPTS: '1000000',
      // Else a sign-in would end the session that somebody else's renewals go on with.
      MAX_SESSIONS_PER_USER: '1000000',
    },
    port,
    readyPath: '/health/ready',
    folder: place.folder,
    probed,
  });
}

/** The same statements and signatures on bare `node:http`; on SQLite from a file. */
export async function startFloor(
  name: string,
  place: Place,
  store: { databaseUrl: string } | { file: string },
) {
  const port = await freePort();
  return start({
    name,
    args: [join(import.meta.dirname, 'floor.ts')],
    env: {
      ...('databaseUrl' in store ? { DATABASE_URL: store.databaseUrl } : { SQLITE_FILE: store.file }),
      PORT: String(port),
      KEY_FILE: place.key.pemFile,
      KEY_ID: place.key.kid,
    },
    port,
    readyPath: '/',
    folder: place.folder,
    probed: true,
  });
}

export type PeerHasher = 'default' | 'argon2id';

export async function startBetterAuth(place: Place, databaseUrl: string, hasher: PeerHasher, people: number) {
  const port = await freePort();
  return start({
    name: `better-auth-${hasher}`,
    args: [join(import.meta.dirname, 'peers', 'better-auth.mjs')],
    env: {
      DATABASE_URL: databaseUrl,
      PORT: String(port),
      HASHER: hasher,
      PEOPLE: String(people),
      PASSWORD: PEER_PASSWORD,
    },
    port,
    readyPath: '/api/auth/ok',
    folder: place.folder,
    probed: true,
  });
}

function start({
  port,
  folder,
  ...rest
}: Omit<ProgramSettings, 'url' | 'logFile'> & { port: number; folder: string }) {
  return MeasuredProcess.start({
    ...rest,
    url: `http://127.0.0.1:${port}`,
    logFile: join(folder, `${rest.name}.log`),
  });
}
