import type { LoadRequest } from './load.ts';
import { ADMINISTRATOR } from './seed.ts';
import { accessToken, type Person, type SigningKey } from './people.ts';

export type WorkName = 'renewal' | 'read' | 'list' | 'sign-in';

export const PEER_PASSWORD = 'a quiet green river 7';

const JSON_BODY = { 'content-type': 'application/json' };

/** Renewals: the floor and Gatehouse take the same. */
export function renewals(people: readonly Person[]): LoadRequest[] {
  return people.map(({ refreshToken }) => ({
    method: 'POST',
    path: '/tokens/renew_access',
    headers: JSON_BODY,
    body: JSON.stringify({ refresh_token: refreshToken }),
  }));
}

/** Authenticated reads of one's own account. */
export function ownReads(key: SigningKey, people: readonly Person[]): LoadRequest[] {
  return people.map((person) => ({ method: 'GET', path: '/me', headers: bearer(key, person) }));
}

/** Pages of users, as an administrator who signs in for it. */
export async function listPages(
  url: string,
  password: string,
  queries: readonly string[],
): Promise<LoadRequest[]> {
  const answer = await fetch(`${url}/signin`, {
    method: 'POST',
    headers: JSON_BODY,
    body: JSON.stringify({ username: ADMINISTRATOR, password }),
  });
  if (!answer.ok) throw new Error(`Gatehouse answered ${answer.status} to the administrator`);
  const { data } = (await answer.json()) as { data: { access_token: string } };
  const headers = { authorization: `Bearer ${data.access_token}` };
  return queries.map((query) => ({ method: 'GET', path: `/users${query}`, headers }));
}

export function signIns(people: readonly Person[], password: string): LoadRequest[] {
  return people.map(({ username }) => ({
    method: 'POST',
    path: '/signin',
    headers: JSON_BODY,
    body: JSON.stringify({ username, password }),
  }));
}

/** better-auth knows its users by e-mail address; `person0` to `personN` in its own database. */
export function peerSignIns(count: number): LoadRequest[] {
  return Array.from({ length: count }, (_, n) => ({
    method: 'POST',
    path: '/api/auth/sign-in/email',
    headers: JSON_BODY,
    body: JSON.stringify({ email: `person${n}@example.com`, password: PEER_PASSWORD }),
  }));
}

/** Signs in as some of them first: the cookie carries the session. */
export async function peerReads(url: string, count: number): Promise<LoadRequest[]> {
  const reads: LoadRequest[] = [];
  for (const { path, headers, body } of peerSignIns(count)) {
    // fetch speaks like a browser's page, and such a page names its origin.
    const headersOfPage = { ...headers, origin: url };
    const answer = await fetch(url + path, { method: 'POST', headers: headersOfPage, body: body ?? null });
    const cookie = answer.headers
      .getSetCookie()
      .map((text) => text.split(';', 1)[0])
      .join('; ');
    if (!answer.ok) throw new Error(`better-auth answered ${answer.status} to a sign-in`);
    reads.push({ method: 'GET', path: '/api/auth/get-session', headers: { cookie } });
  }
  return reads;
}

function bearer(key: SigningKey, person: Person): Readonly<Record<string, string>> {
  return { authorization: `Bearer ${accessToken(key, person)}` };
}
