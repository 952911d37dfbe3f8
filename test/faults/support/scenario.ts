import { loadavg, availableParallelism } from 'node:os';

/** One promise of a scenario, and what became of it. */
export interface Finding {
  readonly promised: string;
  readonly measured: string;
  readonly kept: boolean;
  /** Whether it is a matter of milliseconds, which a busy machine can spoil. */
  readonly timed?: boolean;
}

export interface Scenario {
  readonly name: string;
  /** What is done to the service. */
  readonly injected: string;
  /** Whether it mostly waits, so that it may run beside others. */
  readonly waits?: boolean;
  /** Only when it is asked for by name: it needs more than the others do. */
  readonly onRequest?: boolean;
  /** Not among the short ones, unless it is asked for by name: in seconds it would prove nothing. */
  readonly takesLong?: boolean;
  /** @param short a form for every change, in seconds; the long one is for releases */
  run(short: boolean): Promise<Finding[]>;
}

export interface Outcome {
  readonly scenario: Scenario;
  readonly findings: readonly Finding[];
  readonly seconds: number;
  readonly attempts: number;
  /** Runnable processes for each core, when it ended. */
  readonly load: number;
}

export function finding(promised: string, kept: boolean, measured: string): Finding {
  return { promised, kept, measured };
}

/** The same for a promise in milliseconds. */
export function timely(promised: string, kept: boolean, measured: string): Finding {
  return { promised, kept, measured, timed: true };
}

/** How busy the machine is: beyond 1, whatever is measured in milliseconds is disturbed by others. */
export function machineLoad(): number {
  return (loadavg()[0] ?? 0) / availableParallelism();
}

/** Puts things away in the opposite order, whatever happened. */
export async function inOrder<T>(work: (later: (putAway: () => unknown) => void) => Promise<T>): Promise<T> {
  const putAway: Array<() => unknown> = [];
  try {
    return await work((one) => void putAway.unshift(one));
  } finally {
    for (const one of putAway) {
      try {
        await one();
      } catch (error) {
        console.log(`        could not put away: ${String(error)}`);
      }
    }
  }
}
