import { expect } from 'vitest';
import type { Answer, CreatedUser, NewUser, TestApp } from './app.ts';

/** What the API answers about a user. */
export interface UserData {
  readonly id: string;
  readonly username: string;
  readonly full_name: string;
  readonly email: string;
  readonly phone: string;
  readonly status: string;
  readonly roles: readonly string[];
  readonly password_change_at: string;
  readonly created_at: string;
  readonly updated_at: string;
  readonly last_sign_in_at: string | null;
}

export interface ListData<T> {
  readonly items: readonly T[];
  readonly total: number;
  readonly page: number;
  readonly page_size: number;
}

export interface RoleData {
  readonly id: string;
  readonly key: string;
  readonly name: string;
  readonly description: string;
  readonly permissions: readonly string[];
  readonly built_in: boolean;
  readonly created_at: string;
  readonly updated_at: string;
}

export interface AuditEventData {
  readonly id: string;
  readonly at: string;
  readonly seq: number | null;
  readonly actor_id: string | null;
  readonly actor_name: string;
  readonly session_id: string | null;
  readonly action: string;
  readonly target_type: string;
  readonly target_id: string | null;
  readonly outcome: string;
  readonly ip: string;
  readonly user_agent: string;
  readonly request_id: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

/** A signed-in user of a test. */
export interface Person extends CreatedUser {
  readonly token: string;
  readonly sessionId: string;
}

let rolesMade = 0;

/** What administrators do through the API, as steps of a test. */
export class Administration {
  private constructor(
    readonly app: TestApp,
    readonly admin: { readonly id: string; readonly token: string },
  ) {}

  static async of(app: TestApp): Promise<Administration> {
    const token = (await app.signIn()).access_token;
    const me = await app.call<UserData>('GET', '/me', { token });
    return new Administration(app, { id: me.body.data.id, token });
  }

  /** A call with the administrator's token. */
  async call<T = unknown>(method: string, path: string, body?: unknown): Promise<Answer<T>> {
    return this.app.call<T>(method, path, {
      token: this.admin.token,
      ...(body === undefined ? {} : { body }),
    });
  }

  /** The same, expected to succeed; answers its data. */
  async done<T = unknown>(method: string, path: string, body?: unknown): Promise<T> {
    const answer = await this.call<T>(method, path, body);
    expect(answer.body, `${method} ${path}`).toMatchObject({ code: 0 });
    return answer.body.data;
  }

  async role(permissions: readonly string[], key = `role-${++rolesMade}`): Promise<RoleData> {
    return this.done<RoleData>('POST', '/roles', { key, name: key, permissions });
  }

  /** A signed-in user who holds exactly these permissions, by a role of their own. */
  async personWith(permissions: readonly string[], given: NewUser = {}): Promise<Person> {
    const roles = permissions.length === 0 ? [] : [(await this.role(permissions)).key];
    return this.person({ roles, ...given });
  }

  async person(given: NewUser = {}): Promise<Person> {
    const user = await this.app.createUser(given);
    const signedIn = await this.app.signIn(user.username, user.password);
    return { ...user, token: signedIn.access_token, sessionId: signedIn.session_id };
  }

  async user(id: string): Promise<UserData> {
    return this.done<UserData>('GET', `/users/${id}`);
  }

  /** Audit events on a target, newest first. */
  async eventsOn(targetId: string): Promise<readonly AuditEventData[]> {
    return (await this.done<{ items: AuditEventData[] }>('GET', `/audit-events?target_id=${targetId}`)).items;
  }
}

/** What a refused call answers: its status and its number. */
export function refusal({ status, body }: Answer<unknown>): [status: number, code: number] {
  return [status, body.code];
}
