import type { Subject } from '../row.ts';

export type Point = { readonly x: number; readonly y: number };

export type Line = {
  readonly name: string;
  /** Decides the colour. */
  readonly subject: Subject;
  readonly dash: 'solid' | 'dashed' | 'dotted';
  readonly points: readonly Point[];
};

/** One chart: lines over seconds. */
export type Panel = {
  readonly title: string;
  /** Of the upright axis. */
  readonly unit: string;
  /** For what spans several powers of ten. */
  readonly isLogarithmic: boolean;
  readonly lines: readonly Line[];
};

/** In pixels, with all labels. */
export const PANEL = { width: 560, height: 340 } as const;

const PLOT = { left: 62, top: 34, width: 478, height: 200 } as const;
const LEGEND = { top: 282, lineHeight: 16, columns: 2, columnWidth: 240, sampleWidth: 22 } as const;
const TICKS = 5;
const DASHES = { solid: '', dashed: ' stroke-dasharray="6 3"', dotted: ' stroke-dasharray="2 3"' } as const;

/** Colours that colour-blind people tell apart (Okabe and Ito), on light and on dark ground. */
const STYLE = `
  svg { background: #ffffff; font: 12px system-ui, sans-serif; }
  text { fill: #24292f; } .title { font-size: 13px; font-weight: 600; } .axis { fill: #57606a; }
  .grid { stroke: #d0d7de; } path { fill: none; stroke-width: 1.6; }
  .confab { stroke: #0072b2; } .bare-bun { stroke: #009e73; } .by-hand-bun { stroke: #d55e00; }
  .by-hand-bun-grouped { stroke: #b8860b; } .by-hand-node { stroke: #a0407a; }
  .raw-sqlite, .raw-cassandra { stroke: #777777; }
  @media (prefers-color-scheme: dark) {
    svg { background: #0d1117; } text { fill: #e6edf3; } .axis { fill: #9198a1; } .grid { stroke: #30363d; }
    .confab { stroke: #56b4e9; } .bare-bun { stroke: #2fd6a4; } .by-hand-bun { stroke: #ff8c42; }
    .by-hand-bun-grouped { stroke: #f0c940; } .by-hand-node { stroke: #e68fc0; }
  }`;

/** A whole SVG: its title is what a screen reader says. */
export function pictureAround(picture: {
  readonly title: string;
  readonly size: { readonly width: number; readonly height: number };
  readonly content: string;
}): string {
  const { title, size, content } = picture;
  return `<svg xmlns="http://www.w3.org/2000/svg" role="img" width="${size.width}" height="${size.height}" viewBox="0 0 ${size.width} ${size.height}">
<title>${escaped(title)}</title>
<style>${STYLE}
</style>
${content}</svg>
`;
}

export function drawPanel({ title, unit, isLogarithmic, lines }: Panel, at: Point): string {
  const points = lines.flatMap((line) => line.points);
  const seconds = Math.max(1e-9, ...points.map(({ x }) => x));
  const scale = scaleOf(
    points.map(({ y }) => y),
    isLogarithmic,
  );
  const xOf = (x: number): number => PLOT.left + (x / seconds) * PLOT.width;
  const yOf = (y: number): number => PLOT.top + PLOT.height * (1 - scale.shareOf(y));
  const grid = scale.ticks.map(
    (tick) =>
      `<line class="grid" x1="${PLOT.left}" x2="${PLOT.left + PLOT.width}" y1="${fixed(yOf(tick))}" y2="${fixed(yOf(tick))}"/>` +
      `<text class="axis" text-anchor="end" x="${PLOT.left - 6}" y="${fixed(yOf(tick) + 4)}">${short(tick)}</text>`,
  );
  const step = niceStep(seconds / TICKS);
  const times = Array.from({ length: Math.floor(seconds / step) + 1 }, (_, index) => index * step).map(
    (second) =>
      `<text class="axis" text-anchor="middle" x="${fixed(xOf(second))}" y="${PLOT.top + PLOT.height + 18}">${short(second)}</text>`,
  );
  const drawn = lines.map((line) => {
    const path = line.points.map(
      ({ x, y }, index) => `${index === 0 ? 'M' : 'L'}${fixed(xOf(x))} ${fixed(yOf(y))}`,
    );
    return `<path class="${line.subject}"${DASHES[line.dash]} d="${path.join('')}"/>`;
  });
  return [
    `<g transform="translate(${at.x} ${at.y})">`,
    `<text class="title" x="${PLOT.left}" y="16">${escaped(title)}</text>`,
    `<text class="axis" x="8" y="${PLOT.top - 6}">${unit}</text>`,
    ...grid,
    ...times,
    `<text class="axis" text-anchor="middle" x="${PLOT.left + PLOT.width / 2}" y="${PLOT.top + PLOT.height + 34}">seconds of the measured time</text>`,
    ...drawn,
    ...lines.map(legendOf),
    '</g>\n',
  ].join('\n');
}

type Scale = { readonly ticks: readonly number[]; readonly shareOf: (value: number) => number };

function scaleOf(values: readonly number[], isLogarithmic: boolean): Scale {
  const highest = Math.max(1e-3, ...values);
  if (!isLogarithmic) {
    const step = niceStep(highest / TICKS);
    const top = Math.ceil(highest / step) * step;
    const ticks = Array.from({ length: Math.round(top / step) + 1 }, (_, index) => index * step);
    return { ticks, shareOf: (value) => value / top };
  }
  const positive = values.filter((value) => value > 0);
  const from = Math.floor(Math.log10(Math.min(highest, ...positive)));
  const to = Math.max(from + 1, Math.ceil(Math.log10(highest)));
  const ticks = Array.from({ length: to - from + 1 }, (_, index) => 10 ** (from + index));
  return {
    ticks,
    shareOf: (value) => Math.max(0, (Math.log10(Math.max(value, 10 ** from)) - from) / (to - from)),
  };
}

/** 1, 2 or 5 times a power of ten, at least as large. */
function niceStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  return ([1, 2, 5, 10].find((factor) => factor * power >= least) ?? 10) * power;
}

function legendOf({ name, subject, dash }: Line, index: number): string {
  const x = PLOT.left + (index % LEGEND.columns) * LEGEND.columnWidth;
  const y = LEGEND.top + Math.floor(index / LEGEND.columns) * LEGEND.lineHeight;
  return (
    `<path class="${subject}"${DASHES[dash]} d="M${x} ${y}H${x + LEGEND.sampleWidth}"/>` +
    `<text x="${x + LEGEND.sampleWidth + 6}" y="${y + 4}">${escaped(name)}</text>`
  );
}

function fixed(value: number): string {
  return value.toFixed(1);
}

function short(value: number): string {
  return String(Number(value.toPrecision(3)));
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
