/**
 * Lets those who wait go on in their order, so many in each turn of the event loop, and everything else between.
 */
export class Turns {
  private readonly waiting: Array<() => void> = [];

  constructor(private readonly most: number) {}

  wait(goOn: () => void): void {
    if (this.waiting.push(goOn) === 1) setImmediate(() => this.next());
  }

  private next(): void {
    for (const goOn of this.waiting.slice(0, this.most)) goOn();
    this.waiting.splice(0, this.most);
    if (this.waiting.length > 0) setImmediate(() => this.next());
  }
}
