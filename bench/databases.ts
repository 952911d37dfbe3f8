import { randomBytes } from 'node:crypto';
import mysql from 'mysql2/promise';

const PREFIX = 'gatehouse_bench_';

/** Databases of this run on the MySQL or MariaDB server, dropped at its end. */
export class BenchDatabases {
  private readonly run = randomBytes(4).toString('hex');
  private readonly created: string[] = [];
  private readonly serverUrl: string;

  constructor(serverUrl: string) {
    this.serverUrl = serverUrl;
  }

  /** Creates an empty database; answers its URL. */
  async create(name: string): Promise<string> {
    const database = `${PREFIX}${this.run}_${name}`;
    await this.query(`CREATE DATABASE ${database}`);
    this.created.push(database);
    return new URL(`/${database}`, this.serverUrl).href;
  }

  async version(): Promise<string> {
    const rows = await this.query('SELECT VERSION() AS version');
    return Array.isArray(rows) && rows[0] !== undefined && 'version' in rows[0]
      ? String(rows[0]['version'])
      : '';
  }

  async dropAll(): Promise<void> {
    for (const database of this.created.splice(0)) await this.query(`DROP DATABASE IF EXISTS ${database}`);
  }

  private async query(sql: string): Promise<mysql.QueryResult> {
    const connection = await mysql.createConnection({ uri: this.serverUrl, connectTimeout: 5_000 });
    try {
      return (await connection.query(sql))[0];
    } finally {
      await connection.end();
    }
  }
}
