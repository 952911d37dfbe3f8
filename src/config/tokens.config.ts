import { duration, word } from './kinds.js';
import { setting, slice } from './slice.js';

const settings = {
  issuer: setting('TOKEN_ISSUER', word(255), 'gatehouse', {
    example: 'https://id.example.com',
    meaning: '`iss` of access tokens.',
    effect: 'Services that verify tokens compare it; a change makes issued access tokens invalid.',
  }),
  audience: setting('TOKEN_AUDIENCE', word(255), 'gatehouse', {
    example: 'https://api.example.com',
    meaning: '`aud` of access tokens.',
    effect: 'Services that verify tokens compare it; a change makes issued access tokens invalid.',
  }),
  accessTtl: setting('ACCESS_TOKEN_TTL', duration('1s', '30d'), '15m', {
    meaning: 'Life of an access token.',
    effect: 'Services that verify offline notice an ended session this late, at most.',
  }),
};

export const tokensConfig = slice('tokens', 'Tokens', settings, (values) => values);
