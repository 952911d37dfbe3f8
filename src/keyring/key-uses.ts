import { Injectable } from '@nestjs/common';

/** Rows that name the sealing key which they were made with, and are worth nothing without it. */
export interface KeyUser {
  readonly table: string;
  count(kid: string): Promise<number>;
}

/** Rows that name a key. */
export interface NamedBy {
  readonly table: string;
  readonly rows: number;
}

/** Who names sealing keys. Modules above register themselves, because the keyring knows none of them. */
@Injectable()
export class KeyUses {
  private readonly users: KeyUser[] = [];

  register(user: KeyUser): void {
    this.users.push(user);
  }

  /** The tables with rows that name this key. */
  async of(kid: string): Promise<NamedBy[]> {
    const found: NamedBy[] = [];
    for (const user of this.users) {
      const rows = await user.count(kid);
      if (rows > 0) found.push({ table: user.table, rows });
    }
    return found;
  }
}
