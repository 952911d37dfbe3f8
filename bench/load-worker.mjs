/** The load, in a process of its own: one autocannon run for each message, answered with its figures. */
import autocannon from 'autocannon';

process.on('message', async ({ url, connections, seconds, requests }) => {
  const result = await autocannon({
    url,
    connections,
    duration: seconds,
    requests,
    timeout: 10,
    sampleInt: 250,
  });
  process.send({
    rate: (result['2xx'] * 1000) / (result.finish - result.start),
    answers: result['2xx'],
    errors: result.errors + result.timeouts + result.non2xx,
    p50: result.latency.p50,
    p99: result.latency.p99,
  });
});
