import { X509Certificate } from 'node:crypto';
import { z } from 'zod';
import { readNamedFile } from './environment.js';

/** Certificates of authorities, as PEM text. */
export function certificates() {
  return z
    .string()
    .transform(pemText)
    .pipe(z.string('names a file that cannot be read: give the path of a readable PEM file, or the PEM text'))
    .refine(holdsCertificates, 'holds no valid PEM certificate')
    .describe('PEM certificates, or the path of a file with them');
}

/** The text, or that of the file that it names. PEM files often begin with comments. */
function pemText(given: string): string | undefined {
  if (given.includes('-----BEGIN ')) return given;
  try {
    return readNamedFile(given).toString();
  } catch {
    return undefined;
  }
}

function holdsCertificates(pem: string): boolean {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  try {
    for (const block of blocks) new X509Certificate(block);
    return blocks.length > 0;
  } catch {
    return false;
  }
}
