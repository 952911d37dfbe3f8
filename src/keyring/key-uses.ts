import { Injectable } from '@nestjs/common';

/** Rows that name the sealing key which they were made with, and are worth nothing without it. */
export interface KeyUser {
  readonly table: string;
  count(kid: string): Promise<number>;
}

/** Who names sealing keys. Modules above register themselves, because the keyring knows none of them. */
@Injectable()
export class KeyUses {
  readonly users: KeyUser[] = [];

  register(user: KeyUser): void {
    this.users.push(user);
  }

  /** How many rows of which tables name this key, for the operator; empty when none does. */
  async inWords(kid: string): Promise<string> {
    const found: string[] = [];
    for (const user of this.users) {
      const rows = await user.count(kid);
      if (rows > 0) found.push(`${rows} ${rows === 1 ? 'row' : 'rows'} of ${user.table}`);
    }
    return found.join(' and ');
  }
}
