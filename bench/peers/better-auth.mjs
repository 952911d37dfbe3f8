/**
 * better-auth as its guide sets it up on MySQL: e-mail and password, `toNodeHandler` on a plain HTTP server. It is told
 * everything by environment variables: PORT, DATABASE_URL, HASHER (`default` or `argon2id`) and PEOPLE, how many users
 * to make. It sends its parent `{ready: true}` when it listens.
 */
import { createServer } from 'node:http';
import { hash, verify } from '@node-rs/argon2';
import { betterAuth } from 'better-auth';
import { getMigrations } from 'better-auth/db/migration';
import { toNodeHandler } from 'better-auth/node';
import { createPool } from 'mysql2/promise';

/** The cost that Gatehouse has, with the same library. */
const ARGON2ID = { algorithm: 2, memoryCost: 19_456, timeCost: 2, parallelism: 1, outputLen: 32 };
const PASSWORD = process.env.PASSWORD;

const port = Number(process.env.PORT);
const pool = createPool({ uri: process.env.DATABASE_URL, timezone: 'Z', connectionLimit: 10 });
const options = {
  database: pool,
  baseURL: `http://127.0.0.1:${port}`,
  secret: 'only for this run, only on this machine 0123456789',
  telemetry: { enabled: false },
  // Its limit of sign-ins would end the measurement; Gatehouse's are set out of the way as well.
  rateLimit: { enabled: false },
  logger: { level: 'error' },
  emailAndPassword: {
    enabled: true,
    ...(process.env.HASHER === 'argon2id' && {
      password: {
        hash: (password) => hash(password, ARGON2ID),
        verify: ({ hash: stored, password }) => verify(stored, password),
      },
    }),
  },
};

const { runMigrations } = await getMigrations(options);
await runMigrations();
const auth = betterAuth(options);
await makePeople(Number(process.env.PEOPLE));
createServer(toNodeHandler(auth)).listen(port, '127.0.0.1');

/** One by its own sign-up, the others as copies with the same hash: hashing them all would take minutes. */
async function makePeople(count) {
  const [known] = await pool.query('SELECT COUNT(*) AS count FROM user');
  if (known[0].count > 0) return;
  await auth.api.signUpEmail({
    body: { email: 'person0@example.com', password: PASSWORD, name: 'Person 0' },
  });
  const [users] = await pool.query('SELECT * FROM user');
  const [accounts] = await pool.query('SELECT * FROM account');
  for (let n = 1; n < count; n += 1) {
    const id = `person${n}`;
    await pool.query('INSERT INTO user SET ?', { ...users[0], id, email: `person${n}@example.com` });
    await pool.query('INSERT INTO account SET ?', { ...accounts[0], id, accountId: id, userId: id });
  }
}
