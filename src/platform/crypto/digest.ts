import { hash } from 'node:crypto';

/** SHA-256 over the text's UTF-8 bytes as unpadded base64url, always 43 characters. */
export function sha256Base64url(text: string): string {
  return hash('sha256', text, 'base64url');
}
