import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Where everything of this run lies; the janitor removes it. */
export const SCRATCH = mkdtempSync(join(tmpdir(), 'gatehouse-faults-'));
// The database servers run as another account.
chmodSync(SCRATCH, 0o711);

/**
 * A shell that outlives this process just long enough to end what it left, by process id, and to remove its folder:
 * it waits for its pipe to close, which happens even after kill -9.
 */
const SCRIPT = `
while read -r sign pid; do
  kept=
  for other in $pids; do [ "$other" = "$pid" ] || kept="$kept $other"; done
  pids=$kept
  [ "$sign" = + ] && pids="$pids $pid"
done
[ -n "$pids" ] && kill -9 $pids 2>/dev/null
sleep 0.5
for mount in "$1"/*/mount; do [ -d "$mount" ] && umount -l "$mount" 2>/dev/null; done
rm -rf "$1"`;

const janitor = spawn('/bin/sh', ['-c', SCRIPT, 'janitor', SCRATCH], {
  stdio: ['pipe', 'ignore', 'ignore'],
  detached: true,
});
janitor.unref();
const pipe = janitor.stdin;
pipe.on('error', () => undefined);
// The pipe alone must not keep this process alive.
if ('unref' in pipe && typeof pipe.unref === 'function') pipe.unref();

/** Has the process ended at the latest with this one. */
export function guard<T extends ChildProcess>(child: T): T {
  const { pid } = child;
  if (pid === undefined) return child;
  pipe.write(`+ ${pid}\n`);
  child.once('exit', () => pipe.write(`- ${pid}\n`));
  return child;
}

export function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

/** Waits for a process to end, and answers its exit code or signal. */
export async function ended(child: ChildProcess, within: number): Promise<number | string> {
  if (!hasEnded(child)) {
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`still running after ${within} ms`)), within);
      child.once('exit', () => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
  return child.signalCode ?? child.exitCode ?? 'unknown';
}
