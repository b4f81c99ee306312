/** One curve or cloud of a chart, in the data's own units; points that can't be drawn are left out. */
export interface Series {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
  readonly mark?: 'line' | 'dots';
  /** Drawn thicker: the one that the picture is about. */
  readonly ours?: boolean;
  /** A limit rather than a measurement. */
  readonly dashed?: boolean;
}

export interface Axis {
  readonly label: string;
  readonly from: number;
  readonly to: number;
  readonly log?: boolean;
  readonly ticks: readonly number[];
  readonly format?: (value: number) => string;
}

export interface Chart {
  readonly title: string;
  /** Read out in place of the picture. */
  readonly description: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly series: readonly Series[];
}

const WIDTH = 760;
const HEIGHT = 420;
const PLOT = { left: 70, top: 44, right: 540, bottom: 366 } as const;
/** Told apart by people with any kind of colour vision (Okabe and Ito). */
const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#666666', '#000000'] as const;
const STYLE =
  'text{font:13px system-ui,sans-serif;fill:#222}.small{font-size:12px}.title{font-size:16px;font-weight:600}.grid{stroke:#ddd}.axis{stroke:#555}';

/** Renders a chart with lines or dots; the same input gives the same text. */
export function renderChart(chart: Chart): string {
  const x = (value: number) => PLOT.left + position(chart.x, value) * (PLOT.right - PLOT.left);
  const y = (value: number) => PLOT.bottom - position(chart.y, value) * (PLOT.bottom - PLOT.top);
  const grid = [
    ...chart.x.ticks.map(
      (tick) =>
        `<line class="grid" x1="${at(x(tick))}" y1="${PLOT.top}" x2="${at(x(tick))}" y2="${PLOT.bottom}"/><text class="small" text-anchor="middle" x="${at(x(tick))}" y="${PLOT.bottom + 18}">${label(chart.x, tick)}</text>`,
    ),
    ...chart.y.ticks.map(
      (tick) =>
        `<line class="grid" x1="${PLOT.left}" y1="${at(y(tick))}" x2="${PLOT.right}" y2="${at(y(tick))}"/><text class="small" text-anchor="end" x="${PLOT.left - 8}" y="${at(y(tick) + 4)}">${label(chart.y, tick)}</text>`,
    ),
  ];
  const drawn = chart.series.map((series, i) => drawSeries(series, COLOURS[i % COLOURS.length]!, i, x, y));
  const middle = (PLOT.top + PLOT.bottom) / 2;
  return page(chart, [
    ...grid,
    `<path class="axis" fill="none" d="M${PLOT.left} ${PLOT.top}V${PLOT.bottom}H${PLOT.right}"/>`,
    ...drawn,
    `<text text-anchor="middle" x="${(PLOT.left + PLOT.right) / 2}" y="${PLOT.bottom + 42}">${escaped(chart.x.label)}</text>`,
    `<text text-anchor="middle" transform="translate(18 ${middle}) rotate(-90)">${escaped(chart.y.label)}</text>`,
  ]);
}

/** Horizontal bars of shares in [0, 1], with a dashed line at the promised one. */
export function renderBars(chart: {
  readonly title: string;
  readonly description: string;
  readonly bars: readonly { readonly name: string; readonly share: number; readonly ours?: boolean }[];
  readonly promised: number;
}): string {
  const left = 270;
  const width = 420;
  const step = (HEIGHT - 80) / chart.bars.length;
  const line = left + chart.promised * width;
  return page(chart, [
    ...chart.bars.map(({ name, share, ours }, i) => {
      const top = 50 + i * step;
      const text = top + step / 2 + 4;
      return `<text text-anchor="end" x="${left - 10}" y="${at(text)}"${ours ? ' font-weight="600"' : ''}>${escaped(name)}</text><rect x="${left}" y="${at(top + 3)}" width="${at(Math.max(1, share * width))}" height="${at(step - 6)}" fill="${ours ? COLOURS[0] : '#999999'}"/><text class="small" x="${at(left + share * width + 6)}" y="${at(text)}">${(100 * share).toFixed(1)}%</text>`;
    }),
    `<line x1="${at(line)}" y1="46" x2="${at(line)}" y2="${HEIGHT - 26}" stroke="#d55e00" stroke-dasharray="5 4"/>`,
    `<text class="small" x="${at(line + 4)}" y="${HEIGHT - 10}">promised: at most ${100 * chart.promised}%</text>`,
  ]);
}

function drawSeries(
  { name, points, mark = 'line', ours, dashed }: Series,
  colour: string,
  index: number,
  x: (value: number) => number,
  y: (value: number) => number,
): string {
  const usable = points.filter((point) => point.every(Number.isFinite));
  const width = ours ? 3 : 1.6;
  const legend = PLOT.top + 12 + index * 22;
  const line = `stroke="${colour}" stroke-width="${width}"${dashed ? ' stroke-dasharray="6 4"' : ''} fill="none"`;
  const shape =
    mark === 'dots'
      ? usable.map(([px, py]) => `<circle cx="${at(x(px))}" cy="${at(y(py))}" r="3" fill="${colour}"/>`).join('')
      : `<path ${line} d="${usable.map(([px, py], i) => `${i === 0 ? 'M' : 'L'}${at(x(px))} ${at(y(py))}`).join('')}"/>`;
  const key =
    mark === 'dots'
      ? `<circle cx="${PLOT.right + 28}" cy="${legend - 4}" r="3" fill="${colour}"/>`
      : `<path ${line} d="M${PLOT.right + 16} ${legend - 4}h24"/>`;
  return `${shape}${key}<text class="small" x="${PLOT.right + 46}" y="${legend}"${ours ? ' font-weight="600"' : ''}>${escaped(name)}</text>`;
}

function page({ title, description }: { title: string; description: string }, body: readonly string[]): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-labelledby="title description">`,
    `<title id="title">${escaped(title)}</title><desc id="description">${escaped(description)}</desc>`,
    `<style>${STYLE}</style><rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    `<text class="title" x="16" y="26">${escaped(title)}</text>`,
    ...body,
    '</svg>\n',
  ].join('\n');
}

function position({ from, to, log }: Axis, value: number): number {
  const scale = log ? Math.log : (one: number) => one;
  return Math.min(1, Math.max(0, (scale(value) - scale(from)) / (scale(to) - scale(from))));
}

const label = ({ format = String }: Axis, tick: number) => escaped(format(tick));
const at = (value: number) => String(Math.round(value * 10) / 10);

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
