import { Inject, Injectable } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { serviceConfig } from '../config/service.config.js';
import { Database } from '../database/database.js';
import { columnList } from '../database/entity-statements.js';
import { clientNetwork } from '../platform/http/client-address.js';
import type { Instant } from '../platform/time/clock.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { parseIdentifier, type Identifier } from './identifiers.js';
import { User } from './user.entity.js';

/** What a sign-in or a reset asks about an account. */
export interface Account {
  readonly user: User;
  /** The stored password, if it has one. */
  readonly hash: string | null;
  /** When a sign-in from the client's network was last noted. */
  readonly addressNotedAt: Instant | null;
}

/** What somebody typed as their name, and whose it is. */
export interface NamedAccount {
  readonly account: Account | undefined;
  /** In the one form in which it is counted. */
  readonly name: string;
  /** Whether the account is used from the client's network. */
  readonly isKnown: boolean;
}

/** Nobody's identifier: looked up where there is nothing to look up, so that it takes as long. */
const NO_IDENTIFIER: Identifier = { kind: 'username', value: '' };

// Scalar subqueries: SQLite would plan a join anew for every value that is compared directly.
const ACCOUNT = `
  SELECT ${columnList(User)},
    (SELECT hash FROM password_credentials WHERE user_id = users.id) AS hash,
    (SELECT signed_in_at FROM known_addresses WHERE user_id = users.id AND address = ?) AS "addressNotedAt"
  FROM users`;

/** Accounts as somebody finds them who is not signed in: by one statement, whoever is meant. */
@Injectable()
export class AccountsService {
  constructor(
    private readonly database: Database,
    private readonly sessions: SessionsService,
    @Inject(serviceConfig.KEY) private readonly config: ConfigType<typeof serviceConfig>,
  ) {}

  /** Whoever is meant by a text: a user name, an e-mail address, a phone number, or nothing that can be a name. */
  async named(typed: string): Promise<NamedAccount> {
    const identifier = parseIdentifier(typed, this.config.defaultPhoneRegion);
    const account = await this.find(identifier ?? NO_IDENTIFIER);
    const isKnown = this.sessions.isKnownAddress(account?.addressNotedAt ?? null);
    return { account, name: identifier?.value ?? unreadable(typed), isKnown };
  }

  async byId(id: string): Promise<Account | undefined> {
    return this.read('id', id);
  }

  private async find({ kind, value }: Identifier): Promise<Account | undefined> {
    return this.read(kind, value);
  }

  private async read(column: 'id' | Identifier['kind'], value: string): Promise<Account | undefined> {
    const [row] = await this.database.query<Array<User & Omit<Account, 'user'>>>(
      `${ACCOUNT} WHERE ${column} = ?`,
      [clientNetwork(), value],
    );
    if (row === undefined) return undefined;
    const { hash, addressNotedAt, ...user } = row;
    return { user, hash, addressNotedAt };
  }
}

/** The name under which a text that is no identifier is counted; capitals and blanks around it make no other one. */
function unreadable(typed: string): string {
  return `? ${typed.trim().toLowerCase()}`;
}
