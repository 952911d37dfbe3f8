import { z } from 'zod';
import type { Environment } from './environment.js';
import { httpConfig } from './http.config.js';
import { list } from './kinds.js';
import { optional, setting, slice } from './slice.js';

/** Whom a sign-in asks for a second factor even if they have none yet. */
function required() {
  return z
    .string()
    .pipe(list((entry) => /^[a-z][a-z0-9_.-]{0,63}$/.test(entry)))
    .describe('none, all, or keys of roles with commas between');
}

/** In lower case, as browsers compare it. Its last label is no number: an address has no passkeys. */
const DOMAIN = /^(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

function domain() {
  return z.string().regex(DOMAIN).describe('a domain such as example.com, and no address of a machine');
}

/** The certificate of an Android app: its SHA-256 in base64url. */
const ANDROID_APP = /^android:apk-key-hash:[A-Za-z0-9_-]{43}$/;
const LOCAL = /^http:\/\/localhost(?::[0-9]+)?$/;

function origins() {
  return z
    .string()
    .pipe(list((entry) => ANDROID_APP.test(entry) || isWebOrigin(entry)))
    .describe(
      'https origins such as https://app.example.com, or android:apk-key-hash:…, with commas between',
    );
}

const settings = {
  required: setting('SECOND_FACTOR_REQUIRED', required(), 'none', {
    meaning: 'Who must have a second factor: nobody, everybody, or the holders of these roles.',
    effect: 'Whoever has none sets one up at the next sign-in. Sessions that need one and have none end.',
  }),
  rpId: optional('WEBAUTHN_RP_ID', domain(), 'trial: `localhost`<br>production: no passkeys', {
    meaning: 'Domain that passkeys are made for: that of the sign-in page, or one above it.',
    effect: 'Passkeys of another domain work no more, and no setting brings them over.',
  }),
  origins: optional('WEBAUTHN_ORIGINS', origins(), 'trial: `http://localhost` with `PORT`', {
    meaning: 'Web pages and apps on which passkeys are used, each exactly as it stands.',
    effect:
      'Passkeys used anywhere else are refused. A trial may name `http://localhost`, with or without a port.',
  }),
};

export const factorsConfig = slice('factors', 'Second factors', settings, (values, environment) => ({
  required: values.required.includes('all')
    ? ('all' as const)
    : values.required.filter((key) => key !== 'none'),
  ...passkeySite(values.rpId, values.origins, environment),
}));

/** Where passkeys are used. */
interface PasskeySite {
  /** Without one there are no passkeys. */
  readonly rpId?: string;
  readonly origins: readonly string[];
}

function passkeySite(
  rpId: string | undefined,
  given: readonly string[] | undefined,
  environment: Environment,
): PasskeySite {
  const { production } = environment;
  if (rpId === undefined && production) {
    if (given !== undefined)
      environment.refuse('WEBAUTHN_RP_ID', 'must be set together with WEBAUTHN_ORIGINS');
    return { origins: [] };
  }
  const site = { rpId: rpId ?? 'localhost', origins: given ?? defaultOrigins(rpId, environment) };
  const refuse = (sentence: string) => environment.refuse('WEBAUTHN_ORIGINS', sentence, ['WEBAUTHN_RP_ID']);
  if (site.origins.length === 0) refuse('must be set together with WEBAUTHN_RP_ID');
  if (production && site.origins.some((origin) => LOCAL.test(origin)))
    refuse('must be https in production: http://localhost is for a trial');
  const other = site.origins.find((origin) => !belongsTo(origin, site.rpId));
  if (other !== undefined)
    refuse(`must be ${site.rpId}, as WEBAUTHN_RP_ID says, or below it (${other} is not)`);
  return site;
}

/** What `npm start` answers at; none for a page that only the operator knows. */
function defaultOrigins(rpId: string | undefined, environment: Environment): string[] {
  if (environment.production || (rpId !== undefined && rpId !== 'localhost')) return [];
  const { port } = httpConfig(environment);
  return [port === 80 ? 'http://localhost' : `http://localhost:${port}`];
}

/** Exactly as browsers send it, so that comparing is string equality. */
function isWebOrigin(text: string): boolean {
  const { origin, protocol } = URL.parse(text) ?? {};
  return origin === text && (protocol === 'https:' || LOCAL.test(text));
}

/** An app is bound to the domain by a file that the domain serves (`/.well-known/assetlinks.json`). */
function belongsTo(origin: string, rpId: string): boolean {
  if (ANDROID_APP.test(origin)) return true;
  const { hostname } = new URL(origin);
  return hostname === rpId || hostname.endsWith(`.${rpId}`);
}
