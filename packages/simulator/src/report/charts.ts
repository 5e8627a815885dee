import type uPlot from 'uplot'

/** Colour of a line, as an index into the palette, and its dashes, pixels. */
export interface Style { color: number, dash?: number[] }

/** A line of a plot; null leaves a gap. */
export interface Line { name: string, style: Style, values: Array<number | null>, dashed?: boolean }

/** A plot: values over time or over quantiles. */
export interface Plot {
  /** Where it is drawn. */
  place: HTMLElement
  title: string
  x: readonly number[]
  lines: Line[]
  kind: 'time' | 'quantile'
  y: 'ms' | 'share'
  height: number
  most?: number
}

/**
 * The plots of a page. It runs in the browser: the source of this class is written into the report, so it may not use
 * anything outside it.
 */
export class Charts {
  // Okabe and Ito's colours, distinguishable in any kind of colour vision; from the ninth on the dashes differ
  static LIGHT = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#b98300', '#56b4e9', '#8c6bb1', '#7f7f7f']
  static DARK = ['#4b9fe8', '#ee7a33', '#25b78c', '#dd95bd', '#e3ae2f', '#9adcff', '#b79ad9', '#a6a6a6']
  static DASHES = [undefined, [8, 4], [2, 3], [10, 3, 2, 3]]

  readonly UPlot: typeof uPlot
  readonly hidden = new Set<string>()
  readonly drawn: Array<{ plot: uPlot, names: string[] }> = []
  readonly plots: Array<() => void> = []

  constructor (UPlot: typeof uPlot) {
    this.UPlot = UPlot
  }

  /** The rules of the page by which colours have names. */
  get palette (): string {
    const root = (colors: readonly string[]): string => `:root { ${colors.map((color, i) => `--color-${i}: ${color}`).join('; ')} }`

    return `${root(Charts.LIGHT)} @media (prefers-color-scheme: dark) { ${root(Charts.DARK)} }`
  }

  add (plot: Plot): void {
    const { place, x, lines, height } = plot

    this.plots.push(() => {
      place.replaceChildren()
      const options: uPlot.Options = {
        width: Math.max(200, place.clientWidth),
        height,
        cursor: { points: { size: 6 } },
        legend: { show: false },
        scales: this.scales(plot),
        axes: this.axes(plot),
        series: [{}, ...lines.map(line => this.seriesOf(line))]
      }
      this.drawn.push({ plot: new this.UPlot(options, [[...x], ...lines.map(({ values }) => values)], place), names: lines.map(({ name }) => name) })
    })
  }

  drawAll (): void {
    for (const { plot } of this.drawn.splice(0)) {
      plot.destroy()
    }

    for (const draw of this.plots) {
      draw()
    }
  }

  /** Shows or hides the lines of a name. True: they are shown now. */
  toggle (name: string): boolean {
    const shown = this.hidden.delete(name)

    if (!shown) {
      this.hidden.add(name)
    }

    for (const { plot, names } of this.drawn) {
      names.forEach((name, i) => { plot.setSeries(i + 1, { show: !this.hidden.has(name) }) })
    }

    return shown
  }

  styleOf (index: number): Style {
    return { color: index % Charts.LIGHT.length, dash: Charts.DASHES[Math.floor(index / Charts.LIGHT.length) % Charts.DASHES.length] }
  }

  scales ({ x, lines, kind, y, most }: Plot): uPlot.Scales {
    const values = lines.flatMap(({ values }) => values.filter(value => value != null && value > 0)) as number[]

    return {
      x: { time: false, range: kind === 'time' ? [0, x[x.length - 1]] : [this.left(0), Math.max(...x)] },
      y: y === 'ms' ? { distr: 3, range: [Math.min(...values) * 0.8, Math.max(...values) * 1.25] } : { range: [0, most ?? 1] }
    }
  }

  axes ({ kind, y }: Plot): uPlot.Axis[] {
    const { css, left } = this
    const axis = { stroke: css('--quiet'), grid: { stroke: css('--grid'), width: 1 }, ticks: { stroke: css('--line'), width: 1 }, font: '12px system-ui, sans-serif', labelFont: '12px system-ui, sans-serif', labelSize: 18 }

    return [
      {
        ...axis,
        label: kind === 'time' ? 'simulated time, min:s' : 'share of the wants',
        size: 30,
        splits: kind === 'time' ? this.timeSplits : () => [0, left(0.5), 1, 2, 3, 4],
        values: (_, splits) => splits.map(kind === 'time' ? this.clock : this.quantileText)
      },
      {
        ...axis,
        label: y === 'ms' ? 'ms (logarithmic)' : undefined,
        size: 52,
        splits: y === 'ms' ? this.logSplits : undefined,
        filter: (_, splits) => splits,
        values: (_, splits) => splits.map(value => y === 'ms' ? String(value) : this.share(value))
      }
    ]
  }

  seriesOf ({ name, style, dashed }: Line): uPlot.Series {
    return {
      label: name,
      stroke: this.css(`--color-${style.color}`),
      width: dashed === true ? 1.25 : 2,
      dash: dashed === true ? [4, 4] : style.dash,
      points: { show: false },
      show: !this.hidden.has(name),
      spanGaps: false
    }
  }

  // what follows uses no state, and is passed around without its charts

  css (name: string): string {
    return getComputedStyle(document.documentElement).getPropertyValue(name).trim()
  }

  clock (ms: number): string {
    const seconds = Math.round(ms / 1000)

    return seconds < 3600
      ? `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
      : `${Math.floor(seconds / 3600)}:${String(Math.floor(seconds / 60) % 60).padStart(2, '0')} h`
  }

  share (value: number): string {
    return `${Number((value * 100).toPrecision(3))}%`
  }

  left (quantile: number): number {
    return -Math.log10(1 - quantile)
  }

  quantileText (value: number): string {
    return `${Number((100 * (1 - 10 ** -value)).toPrecision(6))}%`
  }

  /** ms on a logarithmic scale are labelled at 1, 2 and 5 times a power of ten. */
  logSplits (_: uPlot, __: number, min: number, max: number): number[] {
    const splits: number[] = []

    for (let power = Math.floor(Math.log10(min)); 10 ** power <= max; power++) {
      for (const step of [1, 2, 5]) {
        const value = Number((step * 10 ** power).toPrecision(1))

        if (value >= min && value <= max) {
          splits.push(value)
        }
      }
    }

    return splits
  }

  /** The whole steps of 1, 2, 5, 10, 15, 30 s or min that suit a length of time. */
  timeSplits (_: uPlot, __: number, min: number, max: number): number[] {
    const step = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600].map(s => s * 1000).find(step => (max - min) / step <= 7) ?? 7_200_000

    return Array.from({ length: Math.floor(max / step) + 1 }, (_, i) => i * step).filter(value => value >= min)
  }
}
