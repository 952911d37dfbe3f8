import { TOLERANCE, type Principal } from './token.ts';

export type Permissions = ReadonlySet<string>;

const MOST_SESSIONS = 5_000;

interface Entry {
  readonly userId: string;
  readonly codes: Permissions;
  readonly until: number;
}

interface Flight {
  readonly userId: string;
  readonly codes: Promise<Permissions>;
}

/** Permissions by session, each asked for once and kept until the feed tells of a change, at most for a token's life. */
export class PermissionCache {
  private readonly entries = new Map<string, Entry>();
  private readonly flights = new Map<string, Flight>();

  async get(principal: Principal, now: number, load: () => Promise<Permissions>): Promise<Permissions> {
    const known = this.entries.get(principal.sessionId);
    if (known !== undefined && known.until > now) return known.codes;
    return (this.flights.get(principal.sessionId) ?? this.begin(principal, load)).codes;
  }

  /** A flight that is under way may have read what was true before; its answer is kept for nobody. */
  drop(userId: string): void {
    for (const held of [this.entries, this.flights])
      for (const [sessionId, { userId: owner }] of held)
        if (userId === '*' || userId === owner) held.delete(sessionId);
  }

  private begin(principal: Principal, load: () => Promise<Permissions>): Flight {
    const { userId, sessionId, expiresAt } = principal;
    const flight: Flight = { userId, codes: load() };
    this.flights.set(sessionId, flight);
    const land = (codes?: Permissions): void => {
      if (this.flights.get(sessionId) !== flight) return;
      this.flights.delete(sessionId);
      if (codes === undefined) return;
      if (this.entries.size >= MOST_SESSIONS) this.entries.clear();
      this.entries.set(sessionId, { userId, codes, until: expiresAt + TOLERANCE });
    };
    flight.codes.then(land, () => land());
    return flight;
  }
}
