/** Requests as bytes, and what becomes of them by mutation: the same for the same seed. */
import { get, HOST, post } from '../../support/bytes.ts';
import { pick } from './deployment.ts';

/** Requests to begin with; mutations make the rest of them. */
const REQUESTS = [
  get('/%zz'),
  get(`/users/${'a'.repeat(200)}`),
  get('/health/live'),
  get('/health/ready'),
  get('/metrics'),
  get('/codes', 'Accept-Language: zh-CN\r\n'),
  get('/me', 'Authorization: Bearer a.b.c\r\n'),
  get('/docs/swagger-ui-bundle.js'),
  get('/users?q=%ff&page=1', 'X-Forwarded-For: 1.2.3.4:5\r\n'),
  get('/', 'Connection: upgrade\r\nUpgrade: h2c\r\n'),
  get('/codes', 'Expect: more\r\n'),
  `CONNECT a:443 ${HOST}\r\n`,
  `OPTIONS * ${HOST}Origin: http://a\r\nAccess-Control-Request-Method: GET\r\n\r\n`,
  post('/signin', { username: 'nobody', password: 'nothing' }),
  post('/tokens/renew_access', { refresh_token: 'ghr_unknown' }),
  post('/tokens/renew_access', [], 'Transfer-Encoding: chunked\r\n'),
  `POST /signin ${HOST}Transfer-Encoding: chunked\r\nContent-Type: application/json\r\n\r\n2\r\n{}\r\n0\r\n\r\n`,
  'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
];

const NOISE = [
  '\0',
  '%',
  '\r\n',
  ' ',
  ':',
  '/',
  '\xff',
  'HTTP/1.1',
  '0\r\n\r\n',
  '\t',
  '{',
  '\r',
  'a'.repeat(3_000),
];

/** A generator of the same numbers from 0 to 1 for the same seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** One to three requests with up to three changes, sometimes cut off. */
export function mutated(random: () => number): string {
  const below = (limit: number) => Math.floor(random() * limit);
  let bytes = Array.from({ length: 1 + below(3) }, () => pick(REQUESTS, below(REQUESTS.length))).join('');
  for (let changes = below(4); changes > 0; changes -= 1) {
    const at = below(bytes.length);
    const cut = random() < 0.5 ? below(8) : 0;
    bytes =
      bytes.slice(0, at) + (random() < 0.8 ? pick(NOISE, below(NOISE.length)) : '') + bytes.slice(at + cut);
  }
  return random() < 0.2 ? bytes.slice(0, below(bytes.length)) : bytes;
}
