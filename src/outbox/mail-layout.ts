import type { Language } from '../platform/i18n/translator.js';
import type { MailContent } from './mail-templates.js';

export interface RenderedMail {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

/** Both forms hold the same words. No image, no style sheet and nothing remote: it reads alike everywhere, and tells nobody that it was read. */
export function renderMail(content: MailContent, language: Language, productName: string): RenderedMail {
  return {
    subject: content.subject,
    text: textOf(content, productName),
    html: htmlOf(content, language, productName),
  };
}

function textOf({ before, code, link, after }: MailContent, productName: string): string {
  const parts = [
    productName,
    ...before,
    ...(code === undefined ? [] : [`    ${code}`]),
    ...(link === undefined ? [] : [`${link.label}\n${link.address}`]),
    ...after,
  ];
  return `${parts.join('\n\n')}\n`;
}

/** Digits are read aloud and typed; a token is copied as a whole. */
const DIGITS = 'font:700 32px/1.4 ui-monospace,Menlo,Consolas,monospace;letter-spacing:8px;margin:24px 0';
const TOKEN = 'font:14px/1.6 ui-monospace,Menlo,Consolas,monospace;word-break:break-all;margin:24px 0';
const BODY =
  'font:16px/1.6 system-ui,-apple-system,"Segoe UI","PingFang SC","Microsoft YaHei",sans-serif;max-width:560px;margin:0 auto;padding:24px';

/** No colours: a mail program in the dark chooses its own. */
function htmlOf(content: MailContent, language: Language, productName: string): string {
  const { before, code, link, after } = content;
  const parts = [
    `<p style="font-size:14px;font-weight:700">${escape(productName)}</p>`,
    ...before.map(paragraph),
    ...(code === undefined ? [] : [`<p style="${code.length > 10 ? TOKEN : DIGITS}">${escape(code)}</p>`]),
    ...(link === undefined ? [] : [anchor(link)]),
    ...after.map(paragraph),
  ];
  return `<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>${escape(content.subject)}</title>
</head>
<body style="${escape(BODY)}">
${parts.join('\n')}
</body>
</html>
`;
}

function paragraph(text: string): string {
  return `<p>${escape(text).replaceAll('\n', '<br>\n')}</p>`;
}

function anchor({ label, address }: { readonly label: string; readonly address: string }): string {
  const shown = escape(address);
  return `<p>${escape(label)}<br>\n<a href="${shown}" style="word-break:break-all">${shown}</a></p>`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}
