/**
 * Loaded into a measured program with `--import`: answers its parent's questions about CPU time, memory and the delay
 * of the event loop, as only the process itself can. JavaScript, so that no TypeScript loader weighs on the program.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';

const delay = monitorEventLoopDelay({ resolution: 5 });
let cpu = process.cpuUsage();

process.on('message', (message) => {
  if (message === 'begin') {
    delay.enable();
    delay.reset();
    cpu = process.cpuUsage();
    process.send({ probe: 'begun' });
  }
  if (message === 'end') {
    const { user, system } = process.cpuUsage(cpu);
    // The timer's own interval is part of what the histogram records.
    const milliseconds = (nanoseconds) => Math.max(0, nanoseconds / 1e6 - 5);
    process.send({
      probe: 'ended',
      cpuMicroseconds: user + system,
      loopDelayP99: milliseconds(delay.percentile(99)),
      loopDelayMax: milliseconds(delay.max),
    });
    delay.disable();
  }
});
// The channel alone must not keep the program from ending.
process.channel?.unref();
