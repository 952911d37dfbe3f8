import type { LoadRequest } from './load.ts';
import { accessToken, PASSWORD, type Person, type SigningKey } from './people.ts';

export type WorkName = 'renewal' | 'read' | 'list' | 'sign-in';

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

/** The first page of users, as an administrator. */
export function listPages(key: SigningKey, administrator: Person, query = ''): LoadRequest[] {
  return [{ method: 'GET', path: `/users${query}`, headers: bearer(key, administrator) }];
}

export function signIns(people: readonly Person[]): LoadRequest[] {
  return people.map(({ username }) => ({
    method: 'POST',
    path: '/signin',
    headers: JSON_BODY,
    body: JSON.stringify({ username, password: PASSWORD }),
  }));
}

/** better-auth knows its users by e-mail address; `person0` to `personN` in its own database. */
export function peerSignIns(count: number): LoadRequest[] {
  return Array.from({ length: count }, (_, n) => ({
    method: 'POST',
    path: '/api/auth/sign-in/email',
    headers: JSON_BODY,
    body: JSON.stringify({ email: `person${n}@example.com`, password: PASSWORD }),
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
