/**
 * Those who wait, in one line for each client. The lines are served in turn, and where room is short the longest line
 * gives way: a crowd that comes from one client makes only that client wait.
 */
export class FairLine<T> {
  private readonly lines = new Map<string, Set<T>>();
  private count = 0;

  get size(): number {
    return this.count;
  }

  add(client: string, waiter: T): void {
    const line = this.lines.get(client) ?? new Set();
    this.lines.set(client, line.add(waiter));
    this.count += 1;
  }

  remove(client: string, waiter: T): void {
    const line = this.lines.get(client);
    if (line?.delete(waiter) !== true) return;
    this.count -= 1;
    if (line.size === 0) this.lines.delete(client);
  }

  /** Takes out the one whose turn it is: the first of the line that was served longest ago. */
  next(): T | undefined {
    for (const [client, line] of this.lines) {
      const [waiter] = line;
      if (waiter === undefined) continue;
      this.remove(client, waiter);
      // To the end: a Map keeps the order of insertion.
      if (this.lines.delete(client)) this.lines.set(client, line);
      return waiter;
    }
    return undefined;
  }

  /** Takes out the newest of the longest line, if that stays at least as long as the client's would become. */
  giveWayTo(client: string): T | undefined {
    let longest: [string, Set<T>] | undefined;
    for (const entry of this.lines) if (entry[1].size > (longest?.[1].size ?? 0)) longest = entry;
    if (longest === undefined) return undefined;
    const [crowd, line] = longest;
    if (line.size <= (this.lines.get(client)?.size ?? 0) + 1) return undefined;
    const newest = [...line].at(-1);
    if (newest !== undefined) this.remove(crowd, newest);
    return newest;
  }
}
