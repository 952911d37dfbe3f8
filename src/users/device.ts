/** Browsers by what only they send; those that send the marks of others come first. */
const BROWSERS = [
  ['Edge', /\bEdgA?(?:iOS)?\//],
  ['Opera', /\bOPR\//],
  ['Firefox', /\b(?:Firefox|FxiOS)\//],
  ['Chrome', /\b(?:Chrome|CriOS)\//],
  ['Safari', /\bSafari\//],
] as const;

const SYSTEMS = [
  ['Android', /\bAndroid\b/],
  ['iOS', /\b(?:iPhone|iPad|iPod)\b/],
  ['Windows', /\bWindows\b/],
  ['macOS', /\bMac OS X\b/],
  ['ChromeOS', /\bCrOS\b/],
  ['Linux', /\bLinux\b/],
] as const;

/**
 * What a `User-Agent` header says, in words of ours alone: anybody writes into that header what they like, and it must not
 * stand in a mail.
 *
 * @returns such as `Chrome on Windows`; empty for a program or whatever else is no known browser
 */
export function deviceOf(userAgent: string): string {
  const [browser, system] = [BROWSERS, SYSTEMS].map(
    (known) => known.find(([, mark]) => mark.test(userAgent))?.[0],
  );
  return browser !== undefined && system !== undefined ? `${browser} on ${system}` : '';
}
