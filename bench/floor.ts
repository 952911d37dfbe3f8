/**
 * The floor: what renewal and `/me` cost when nothing is there but `node:http`, the drivers and `node:crypto`. The same
 * statements, digest and signatures as Gatehouse, by hand; no validation, no log, no envelope beyond its text, no
 * protection of any kind. Told by the environment: PORT, KEY_FILE, KEY_ID, and DATABASE_URL or SQLITE_FILE.
 */
import { createPrivateKey, createPublicKey, hash, randomUUID, sign, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import BetterSqlite3 from 'better-sqlite3';
import { createPool } from 'mysql2';
import { derToJose, joseToDer } from './ecdsa-signature.ts';

type Row = Record<string, string | number | null>;
type Query = (sql: string, params: readonly string[]) => Promise<Row[]>;

const SESSION =
  'SELECT id, user_id AS userId, refresh_digest AS refreshDigest, user_agent AS userAgent, ip, ' +
  'renewed_ip AS renewedIp, renewed_ip_at AS renewedIpAt, created_at AS createdAt, ' +
  'last_seen_at AS lastSeenAt, idle_expires_at AS idleExpiresAt, expires_at AS expiresAt, ended_at AS endedAt, ' +
  'end_reason AS endReason, (SELECT status FROM users WHERE users.id = user_id) AS userStatus FROM sessions WHERE';
const CALLER =
  'SELECT users.id, username, full_name AS fullName, email, phone, status, ' +
  'credential_version AS credentialVersion, password_change_at AS passwordChangeAt, ' +
  'users.created_at AS createdAt, updated_at AS updatedAt, last_sign_in_at AS lastSignInAt, ' +
  '(SELECT GROUP_CONCAT(role_key) FROM user_roles JOIN roles ON roles.id = role_id WHERE user_id = users.id) ' +
  'AS roleKeys, last_seen_at AS lastSeenAt, idle_expires_at AS idleExpiresAt, expires_at AS expiresAt, ' +
  'ended_at AS endedAt FROM sessions JOIN users ON users.id = user_id WHERE sessions.id = (SELECT ?)';

const privateKey = createPrivateKey(readFileSync(process.env['KEY_FILE'] ?? ''));
const publicKey = createPublicKey(privateKey);
const head = base64url({ alg: 'ES256', typ: 'at+jwt', kid: process.env['KEY_ID'] });
const query = openDatabase();

createServer((request, response) => {
  serve(request, response).catch((error: unknown) => {
    process.stderr.write(`${String(error)}\n`);
    answer(response, 500, null);
  });
}).listen(Number(process.env['PORT']), '127.0.0.1');

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.url === '/tokens/renew_access') return renew(await bodyOf(request), response);
  if (request.url === '/me') return me(request, response);
  answer(response, 200, null);
}

async function renew(body: string, response: ServerResponse): Promise<void> {
  const { refresh_token: token } = JSON.parse(body) as { refresh_token: string };
  const [session] = await query(`${SESSION} refresh_digest = ?`, [hash('sha256', token, 'base64url')]);
  if (session === undefined || !isLive(session)) return answer(response, 401, null);
  const iat = Math.floor(Date.now() / 1_000);
  const exp = Math.min(iat + 900, Math.floor(Number(session['expiresAt']) / 1_000));
  const claims = {
    iss: 'bench',
    aud: 'bench',
    sub: session['userId'],
    sid: session['id'],
    jti: randomUUID(),
    iat,
    exp,
  };
  const text = `${head}.${base64url(claims)}`;
  const signature = derToJose(sign('sha256', Buffer.from(text), privateKey)).toString('base64url');
  answer(response, 200, {
    access_token: `${text}.${signature}`,
    access_token_expires_at: new Date(exp * 1_000).toISOString(),
  });
}

async function me(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const [tokenHead = '', payload = '', signature = ''] = (request.headers.authorization ?? '')
    .slice(7)
    .split('.');
  const der = joseToDer(Buffer.from(signature, 'base64url'));
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as {
    sub: string;
    sid: string;
    exp: number;
  };
  if (!verify('sha256', Buffer.from(`${tokenHead}.${payload}`), publicKey, der))
    return answer(response, 401, null);
  const [user] = await query(CALLER, [claims.sid]);
  if (user?.['id'] !== claims.sub || !isLive(user) || claims.exp * 1_000 < Date.now())
    return answer(response, 401, null);
  answer(response, 200, {
    id: user['id'],
    username: user['username'],
    full_name: user['fullName'],
    email: user['email'] ?? '',
    phone: user['phone'] ?? '',
    status: user['status'],
    roles: user['roleKeys'] === null ? [] : String(user['roleKeys']).split(',').sort(),
    password_change_at: time(user['passwordChangeAt']),
    created_at: time(user['createdAt']),
    updated_at: time(user['updatedAt']),
    last_sign_in_at: user['lastSignInAt'] === null ? null : time(user['lastSignInAt']),
    permissions: [],
  });
}

function answer(response: ServerResponse, status: number, data: unknown): void {
  const text = JSON.stringify({ code: status === 200 ? 0 : 1, data, msg: 'ok' });
  response
    .writeHead(status, {
      'content-type': 'application/json; charset=utf-8',
      'content-length': Buffer.byteLength(text),
    })
    .end(text);
}

function bodyOf(request: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    request.setEncoding('utf8');
    request.on('data', (chunk: string) => (text += chunk));
    request.on('end', () => resolve(text));
    request.on('error', reject);
  });
}

function isLive({ endedAt, idleExpiresAt, expiresAt }: Row): boolean {
  const now = Date.now();
  return endedAt === null && now < Number(idleExpiresAt) && now < Number(expiresAt);
}

function time(instant: string | number | null | undefined): string {
  return new Date(Number(instant)).toISOString();
}

function base64url(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function openDatabase(): Query {
  const file = process.env['SQLITE_FILE'];
  if (file !== undefined) {
    const connection = new BetterSqlite3(file);
    const statements = new Map<string, BetterSqlite3.Statement>();
    return async (sql, params) => {
      const statement = statements.get(sql) ?? connection.prepare(sql);
      statements.set(sql, statement);
      return statement.all(...params) as Row[];
    };
  }
  const pool = createPool({ uri: process.env['DATABASE_URL'] ?? '', connectionLimit: 10 });
  return (sql, params) =>
    new Promise((resolve, reject) => {
      pool.execute(sql, [...params], (error, rows) => (error ? reject(error) : resolve(rows as Row[])));
    });
}
