/**
 * How many passwords this machine can verify with nothing else to do: one verification for each core at a time, as
 * Gatehouse does it, at its cost. Answers each message with the rate and the median time of one.
 */
import { availableParallelism } from 'node:os';
import { hash, verify } from '@node-rs/argon2';

const stored = await hash('correct horse battery staple', {
  memoryCost: 19_456,
  timeCost: 2,
  parallelism: 1,
});

process.on('message', async ({ seconds }) => {
  const times = [];
  const begun = performance.now();
  const end = begun + seconds * 1000;
  await Promise.all(Array.from({ length: availableParallelism() }, () => verifyUntil(end, times)));
  const elapsed = performance.now() - begun;
  times.sort((a, b) => a - b);
  process.send({ rate: (times.length * 1000) / elapsed, median: times[Math.floor(times.length / 2)] });
});

async function verifyUntil(end, times) {
  while (performance.now() < end) {
    const begun = performance.now();
    await verify(stored, 'correct horse battery staple');
    times.push(performance.now() - begun);
  }
}
