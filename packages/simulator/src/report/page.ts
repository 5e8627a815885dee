import type { Charts, Line, Plot, Style } from './charts.ts'
import type { PageData } from './page-data.ts'

type ScenarioData = PageData['scenarios'][number]

/**
 * Runs in the browser. The source of this class is written into the report, so it
 * may not use anything outside it.
 */
export class Page {
  readonly data: PageData
  readonly charts: Charts
  readonly names: readonly string[]

  constructor (data: PageData, charts: Charts) {
    this.data = data
    this.charts = charts
    this.names = [...new Set(data.scenarios.flatMap(({ runs }) => runs.map(({ name }) => name)))]
  }

  show (): void {
    const { el } = this
    document.head.append(el('style', {}, this.charts.palette))
    document.body.append(el('header', {}, el('h1', {}, 'Kitsune simulator'), el('p', { class: 'quiet' }, 'made by ', el('code', {}, this.data.command))))

    for (const scenario of this.data.scenarios) {
      this.addScenario(scenario)
    }

    this.charts.drawAll()
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => { this.charts.drawAll() })
    let resizing = 0
    addEventListener('resize', () => {
      clearTimeout(resizing)
      resizing = window.setTimeout(() => { this.charts.drawAll() }, 150)
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
      x: quantiles.map(this.charts.left),
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
      el('div', { class: 'legend' }, ...members.map((id, i) => el('span', {}, this.swatch(this.charts.styleOf(i)), id))),
      plots
    )

    for (const { name, series } of runs) {
      const lines = members.map((id, i) => ({ name: id, style: this.charts.styleOf(i), values: [...series[what][i]] }))
      this.addPlot(plots, { title: name, about: '', x: series.time, lines, kind: 'time', y: 'share', height: 170, most })
    }
  }

  addPlot (parent: HTMLElement, { about, ...plot }: Omit<Plot, 'place'> & { readonly about: string }): void {
    const { el } = this
    const place = el('div')
    parent.append(el('div', { class: 'plot' }, el('h3', {}, plot.title), ...(about === '' ? [] : [el('p', {}, about)]), place))
    this.charts.add({ ...plot, place })
  }

  toggle (name: string): void {
    const shown = this.charts.toggle(name)

    for (const chip of document.querySelectorAll<HTMLElement>('.chip')) {
      if (chip.dataset.name === name) {
        chip.setAttribute('aria-pressed', String(shown))
      }
    }
  }

  strategyStyle (name: string): Style {
    return this.charts.styleOf(this.names.indexOf(name))
  }

  swatch ({ color, dash }: Style): HTMLElement {
    return this.el('i', { class: 'swatch', style: `border-color: var(--color-${color}); border-top-style: ${dash == null ? 'solid' : ['dotted', 'dashed'][Number(dash[0] > 4)]}` })
  }

  el (tag: string, attributes: Record<string, string> = {}, ...children: Array<Node | string>): HTMLElement {
    const element = document.createElement(tag)

    for (const [name, value] of Object.entries(attributes)) {
      element.setAttribute(name, value)
    }

    element.append(...children)

    return element
  }
}
