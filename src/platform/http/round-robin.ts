/** Lets waiting connections go on in order: so many in each turn of the event loop, and all other work between. */
export class RoundRobin {
  private readonly waiting: Array<() => void> = [];
  private scheduled = false;

  constructor(private readonly most: number) {}

  wait(goOn: () => void): void {
    this.waiting.push(goOn);
    this.schedule();
  }

  private schedule(): void {
    if (this.scheduled || this.waiting.length === 0) return;
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false;
      for (const goOn of this.waiting.splice(0, this.most)) goOn();
      this.schedule();
    });
  }
}
