import type { PageData } from './page-data.ts'
import type uPlot from 'uplot'

type Row = Array<number | null>
interface Style { color: number, dash?: number[] }
interface Line { name: string, style: Style, values: Row, dashed?: boolean }
type ScenarioData = PageData['scenarios'][number]

interface PlotInit {
  title: string
  about: string
  x: readonly number[]
  lines: Line[]
  kind: 'time' | 'quantile'
  y: 'ms' | 'share'
  height: number
  most?: number
}

/**
 * Runs in the browser. The source of this class is written into the report, so it
 * may not use anything outside it.
 */
export class Page {
  // Okabe and Ito's colours, distinguishable in any kind of colour vision; from the ninth on the dashes differ
  static LIGHT = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#b98300', '#56b4e9', '#8c6bb1', '#7f7f7f']
  static DARK = ['#4b9fe8', '#ee7a33', '#25b78c', '#dd95bd', '#e3ae2f', '#9adcff', '#b79ad9', '#a6a6a6']
  static DASHES = [undefined, [8, 4], [2, 3], [10, 3, 2, 3]]

  readonly data: PageData
  readonly Plot: typeof uPlot
  readonly names: readonly string[]
  readonly hidden = new Set<string>()
  readonly drawn: Array<{ plot: uPlot, names: string[] }> = []
  readonly plots: Array<() => void> = []

  constructor (data: PageData, Plot: typeof uPlot) {
    this.data = data
    this.Plot = Plot
    this.names = [...new Set(data.scenarios.flatMap(({ runs }) => runs.map(({ name }) => name)))]
  }

  show (): void {
    const { el } = this
    const palette = (colors: readonly string[]): string => `:root { ${colors.map((color, i) => `--color-${i}: ${color}`).join('; ')} }`
    document.head.append(el('style', {}, `${palette(Page.LIGHT)} @media (prefers-color-scheme: dark) { ${palette(Page.DARK)} }`))
    document.body.append(el('header', {}, el('h1', {}, 'Kitsune simulator'), el('p', { class: 'quiet' }, 'made by ', el('code', {}, this.data.command))))

    for (const scenario of this.data.scenarios) {
      this.addScenario(scenario)
    }

    this.drawAll()
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => { this.drawAll() })
    let resizing = 0
    addEventListener('resize', () => {
      clearTimeout(resizing)
      resizing = window.setTimeout(() => { this.drawAll() }, 150)
    })
  }

  addScenario (scenario: ScenarioData): void {
    const { el } = this
    const { runs } = scenario
    const section = el('section', {}, el('h2', {}, el('small', {}, scenario.name), scenario.title), el('p', { class: 'quiet' }, scenario.about))
    document.body.append(section)

    section.append(el('div', { class: 'scroll' }, el('table', {},
      el('thead', {}, el('tr', {}, el('th', {}, 'strategy'), ...scenario.columns.map(({ title, about }) => el('th', { title: about }, title)))),
      el('tbody', {}, ...runs.map(({ name, cells }) => el('tr', {}, el('td', {}, name), ...cells.map(cell => el('td', {}, cell)))))
    )))

    const chips = el('div', { class: 'chips' })
    for (const { name } of runs) {
      const chip = el('button', { class: 'chip', 'aria-pressed': 'true', 'data-name': name, title: 'show or hide' }, this.swatch(this.strategyStyle(name)), name)
      chip.addEventListener('click', () => { this.toggle(name) })
      chips.append(chip)
    }
    section.append(chips)

    const hasCaches = runs.some(({ series }) => series.hits.some(value => value != null))
    this.addPlots(section, runs, hasCaches)

    const shares = runs.flatMap(({ series }) => series.share.flat()).filter(value => value != null)
    this.addMemberPlots(section, scenario, 'Load of each member over time', 'share of all asks, a plot for each strategy', 'share', Math.min(1, Math.max(...shares) * 1.1))
    if (hasCaches) {
      this.addMemberPlots(section, scenario, 'Cache hits of each member over time', 'share of the blocks it worked on, a plot for each strategy', 'hitShare', 1)
    }

    section.append(el('details', {}, el('summary', {}, 'All parameters'), el('div', { class: 'scroll' }, el('table', {},
      el('thead', {}, el('tr', {}, el('th', {}, 'parameter'), el('th', {}, 'value'), el('th', {}, 'meaning'))),
      el('tbody', {}, ...scenario.parameters.map(({ name, value, about }) => el('tr', {}, el('td', {}, el('code', {}, name)), el('td', {}, value), el('td', {}, about))))
    ))))
  }

  /** The plots that have a line for each strategy. */
  addPlots (section: HTMLElement, runs: ScenarioData['runs'], hasCaches: boolean): void {
    const plots = this.el('div', { class: 'plots' })
    section.append(plots)
    const time = runs[0].series.time
    const quantiles = runs.map(({ curve }) => curve).reduce((a, b) => b.length > a.length ? b : a).map(({ quantile }) => quantile)
    const byStrategy = (of: (run: typeof runs[number]) => ReadonlyArray<number | null>): Line[] =>
      runs.map(run => ({ name: run.name, style: this.strategyStyle(run.name), values: [...of(run)] }))

    this.addPlot(plots, {
      title: 'Latency by percentile',
      about: 'How long the slowest wants take: further right, rarer',
      x: quantiles.map(this.left),
      lines: byStrategy(({ curve }) => quantiles.map((_, i) => curve[i]?.ms ?? null)),
      kind: 'quantile',
      y: 'ms',
      height: 300
    })
    this.addPlot(plots, {
      title: 'Latency over time',
      about: 'p99 of each interval; thin and dashed: the median',
      x: time,
      lines: [...byStrategy(({ series }) => series.p99), ...byStrategy(({ series }) => series.p50).map(line => ({ ...line, dashed: true }))],
      kind: 'time',
      y: 'ms',
      height: 300
    })
    if (hasCaches) {
      this.addPlot(plots, {
        title: 'Cache hits over time',
        about: 'share of the blocks that members had in their caches',
        x: time,
        lines: byStrategy(({ series }) => series.hits),
        kind: 'time',
        y: 'share',
        height: 240
      })
    }
  }

  /** A plot for each strategy, with a line for each member. */
  addMemberPlots (section: HTMLElement, { members, runs }: ScenarioData, title: string, about: string, what: 'share' | 'hitShare', most: number): void {
    const { el } = this
    const plots = el('div', { class: 'plots small' })
    section.append(
      el('h3', {}, title),
      el('p', { class: 'quiet' }, about),
      el('div', { class: 'legend' }, ...members.map((id, i) => el('span', {}, this.swatch(this.styleOf(i)), id))),
      plots
    )
    for (const { name, series } of runs) {
      const lines = members.map((id, i) => ({ name: id, style: this.styleOf(i), values: [...series[what][i]] }))
      this.addPlot(plots, { title: name, about: '', x: series.time, lines, kind: 'time', y: 'share', height: 170, most })
    }
  }

  addPlot (parent: HTMLElement, init: PlotInit): void {
    const { el } = this
    const { title, about, x, lines } = init
    const place = el('div')
    const box = el('div', { class: 'plot' }, el('h3', {}, title), ...(about === '' ? [] : [el('p', {}, about)]), place)
    parent.append(box)

    this.plots.push(() => {
      place.replaceChildren()
      const options: uPlot.Options = {
        width: Math.max(200, box.clientWidth),
        height: init.height,
        cursor: { points: { size: 6 } },
        legend: { show: false },
        scales: this.scales(init),
        axes: this.axes(init),
        series: [{}, ...lines.map(line => this.seriesOf(line))]
      }
      this.drawn.push({ plot: new this.Plot(options, [[...x], ...lines.map(({ values }) => values)], place), names: lines.map(({ name }) => name) })
    })
  }

  scales ({ x, lines, kind, y, most }: PlotInit): uPlot.Scales {
    const values = lines.flatMap(({ values }) => values.filter(value => value != null && value > 0)) as number[]

    return {
      x: { time: false, range: kind === 'time' ? [0, x[x.length - 1]] : [this.left(0), Math.max(...x)] },
      y: y === 'ms' ? { distr: 3, range: [Math.min(...values) * 0.8, Math.max(...values) * 1.25] } : { range: [0, most ?? 1] }
    }
  }

  axes ({ kind, y }: PlotInit): uPlot.Axis[] {
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

  drawAll (): void {
    for (const { plot } of this.drawn.splice(0)) {
      plot.destroy()
    }
    for (const draw of this.plots) {
      draw()
    }
  }

  toggle (name: string): void {
    if (!this.hidden.delete(name)) {
      this.hidden.add(name)
    }
    for (const chip of document.querySelectorAll<HTMLElement>('.chip')) {
      chip.setAttribute('aria-pressed', String(!this.hidden.has(chip.dataset.name ?? '')))
    }
    for (const { plot, names } of this.drawn) {
      names.forEach((name, i) => { plot.setSeries(i + 1, { show: !this.hidden.has(name) }) })
    }
  }

  styleOf (index: number): Style {
    return { color: index % Page.LIGHT.length, dash: Page.DASHES[Math.floor(index / Page.LIGHT.length) % Page.DASHES.length] }
  }

  strategyStyle (name: string): Style {
    return this.styleOf(this.names.indexOf(name))
  }

  swatch ({ color, dash }: Style): HTMLElement {
    return this.el('i', { class: 'swatch', style: `border-color: var(--color-${color}); border-top-style: ${dash == null ? 'solid' : ['dotted', 'dashed'][Number(dash[0] > 4)]}` })
  }

  // what follows uses no state, and is passed around without its page

  el (tag: string, attributes: Record<string, string> = {}, ...children: Array<Node | string>): HTMLElement {
    const element = document.createElement(tag)
    for (const [name, value] of Object.entries(attributes)) {
      element.setAttribute(name, value)
    }
    element.append(...children)
    return element
  }

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
