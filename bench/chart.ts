import { number } from './table.ts';

export interface Bar {
  readonly label: string;
  readonly value: number;
  /** Ours stand out. */
  readonly own: boolean;
}

export interface BarGroup {
  readonly title: string;
  readonly bars: readonly Bar[];
}

const WIDTH = 760;
const LABELS = 210;
const VALUES = 70;
const BAR = 20;
const GAP = 6;
const TITLE = 34;

/** Horizontal bars in groups, each group on a scale of its own, as an SVG that is readable on light and on dark. */
export function barChart(heading: string, groups: readonly BarGroup[]): string {
  const parts: string[] = [];
  let y = 44;
  for (const { title, bars } of groups) {
    const most = Math.max(...bars.map(({ value }) => value));
    y += TITLE;
    parts.push(text(16, y - 12, title, 'title'));
    for (const { label, value, own } of bars) {
      const length = Math.max(1, ((WIDTH - LABELS - VALUES - 16) * value) / most);
      parts.push(text(LABELS - 8, y + 14, label, 'label'));
      parts.push(
        `<rect x="${LABELS}" y="${y}" width="${length.toFixed(1)}" height="${BAR}" rx="2" class="${own ? 'own' : 'other'}"/>`,
      );
      parts.push(text(LABELS + length + 8, y + 14, number(value), 'value'));
      y += BAR + GAP;
    }
  }
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y + 16}" font-family="sans-serif" font-size="13">`,
    '<style>text{fill:#24292f}.heading{font-size:17px;font-weight:600}.title{font-weight:600}.label{text-anchor:end}' +
      '.own{fill:#2f6fdb}.other{fill:#9aa5b1}.sheet{fill:#ffffff}</style>',
    `<rect class="sheet" width="${WIDTH}" height="${y + 16}" rx="6"/>`,
    text(16, 34, heading, 'heading'),
    ...parts,
    '</svg>',
  ].join('\n')}\n`;
}

function text(x: number, y: number, content: string, kind: string): string {
  const escaped = content.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return `<text x="${x.toFixed(1)}" y="${y}" class="${kind}">${escaped}</text>`;
}
