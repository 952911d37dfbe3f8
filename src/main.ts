import { availableParallelism } from 'node:os';

const REQUIRED_NODE = 24;

// Checked before anything else is loaded: native modules end an older Node without a word.
if (Number(process.versions.node.split('.', 1)[0]) < REQUIRED_NODE) {
  process.stderr.write(
    `Gatehouse needs Node ${REQUIRED_NODE} and this is ${process.version}. Start it with "npm start", which brings its own.\n`,
  );
  process.exit(1);
}
// Read by libuv at the first use of its pool: a thread for each core that hashes, and some for files and DNS.
process.env['UV_THREADPOOL_SIZE'] ??= String(availableParallelism() + 3);

// Before the rest is loaded: as the first process of a container, a program without handlers never hears a signal. A
// second one changes nothing: npm and terminals send the same one twice. The end is bounded; SIGKILL is for the impatient.
const stop = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => stop.abort());

const { serve } = await import('./cli/serve.js');
await serve(stop);
