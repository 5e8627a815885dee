import type { Latency, Series } from '../metrics/result.ts'
import type uPlot from 'uplot'

/** What the page shows; everything else is in {@link page}. */
export interface PageData {
  readonly command: string
  readonly scenarios: ReadonlyArray<{
    readonly name: string
    readonly title: string
    readonly about: string
    readonly members: readonly string[]
    readonly columns: ReadonlyArray<{ readonly title: string, readonly about: string }>
    readonly parameters: ReadonlyArray<{ readonly name: string, readonly value: string, readonly about: string }>
    readonly runs: ReadonlyArray<{
      readonly name: string
      readonly cells: readonly string[]
      readonly curve: Latency['curve']
      readonly series: Series
    }>
  }>
}

/**
 * Runs in the browser. Its source is written into the report, so nothing outside
 * of it may be used.
 */
export function page (data: PageData, Plot: typeof uPlot): void {
  type Row = Array<number | null>
  interface Line { name: string, style: Style, values: Row, dashed?: boolean }
  interface Style { color: number, dash?: number[] }

  // Okabe and Ito's colours, told apart in any kind of colour vision; from the ninth on the dashes differ
  const LIGHT = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#b98300', '#56b4e9', '#8c6bb1', '#7f7f7f']
  const DARK = ['#4b9fe8', '#ee7a33', '#25b78c', '#dd95bd', '#e3ae2f', '#9adcff', '#b79ad9', '#a6a6a6']
  const DASHES = [undefined, [8, 4], [2, 3], [10, 3, 2, 3]]
  const hidden = new Set<string>()
  const drawn: Array<{ plot: uPlot, names: string[] }> = []
  const rebuild: Array<() => void> = []

  const names = [...new Set(data.scenarios.flatMap(({ runs }) => runs.map(({ name }) => name)))]
  const styleOf = (index: number): Style => ({ color: index % LIGHT.length, dash: DASHES[Math.floor(index / LIGHT.length) % DASHES.length] })
  const strategyStyle = (name: string): Style => styleOf(names.indexOf(name))

  function el (tag: string, attributes: Record<string, string> = {}, ...children: Array<Node | string>): HTMLElement {
    const element = document.createElement(tag)
    for (const [name, value] of Object.entries(attributes)) {
      element.setAttribute(name, value)
    }
    element.append(...children)
    return element
  }

  function swatch ({ color, dash }: Style): HTMLElement {
    return el('i', { class: 'swatch', style: `border-color: var(--color-${color}); border-top-style: ${dash == null ? 'solid' : ['dotted', 'dashed'][Number(dash[0] > 4)]}` })
  }

  const css = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(name).trim()
  const clock = (ms: number): string => {
    const seconds = Math.round(ms / 1000)
    return seconds < 3600
      ? `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
      : `${Math.floor(seconds / 3600)}:${String(Math.floor(seconds / 60) % 60).padStart(2, '0')} h`
  }
  const share = (value: number): string => `${Number((value * 100).toPrecision(3))}%`
  const left = (quantile: number): number => -Math.log10(1 - quantile)
  const quantileText = (value: number): string => `${Number((100 * (1 - 10 ** -value)).toPrecision(6))}%`

  /** ms on a logarithmic scale are labelled at 1, 2 and 5 times a power of ten. */
  function logSplits (_: uPlot, __: number, min: number, max: number): number[] {
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
  function timeSplits (_: uPlot, __: number, min: number, max: number): number[] {
    const step = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600].map(s => s * 1000).find(step => (max - min) / step <= 7) ?? 7_200_000
    return Array.from({ length: Math.floor(max / step) + 1 }, (_, i) => i * step).filter(value => value >= min)
  }

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

  function plot (parent: HTMLElement, { title, about, x, lines, kind, y, height, most }: PlotInit): void {
    const box = el('div', { class: 'plot' }, el('h3', {}, title), ...(about === '' ? [] : [el('p', {}, about)]))
    parent.append(box)
    const place = el('div')
    box.append(place)

    function draw (): void {
      place.replaceChildren()
      const axis = { stroke: css('--quiet'), grid: { stroke: css('--grid'), width: 1 }, ticks: { stroke: css('--line'), width: 1 }, font: '12px system-ui, sans-serif', labelFont: '12px system-ui, sans-serif' }
      const values = lines.flatMap(({ values }) => values.filter(value => value != null && value > 0)) as number[]
      const low = Math.min(...values)
      const high = Math.max(...values)
      const options: uPlot.Options = {
        width: Math.max(200, box.clientWidth),
        height,
        cursor: { points: { size: 6 } },
        legend: { show: false },
        scales: {
          x: { time: false, range: kind === 'time' ? [0, x[x.length - 1]] : [left(0), Math.max(...x)] },
          y: y === 'ms' ? { distr: 3, range: [low * 0.8, high * 1.25] } : { range: [0, most ?? 1] }
        },
        axes: [
          {
            ...axis,
            label: kind === 'time' ? 'simulated time, min:s' : 'share of the wants',
            labelSize: 18,
            size: 30,
            splits: kind === 'time' ? timeSplits : () => [0, left(0.5), 1, 2, 3, 4],
            values: (_, splits) => splits.map(kind === 'time' ? clock : quantileText)
          },
          {
            ...axis,
            label: y === 'ms' ? 'ms (logarithmic)' : undefined,
            labelSize: 18,
            size: 52,
            splits: y === 'ms' ? logSplits : undefined,
            filter: (_, splits) => splits,
            values: (_, splits) => splits.map(value => y === 'ms' ? String(value) : share(value))
          }
        ],
        series: [
          {},
          ...lines.map(({ name, style, dashed }) => ({
            label: name,
            stroke: css(`--color-${style.color}`),
            width: dashed === true ? 1.25 : 2,
            dash: dashed === true ? [4, 4] : style.dash,
            points: { show: false },
            show: !hidden.has(name),
            spanGaps: false
          }))
        ]
      }
      drawn.push({ plot: new Plot(options, [[...x], ...lines.map(({ values }) => values)], place), names: lines.map(({ name }) => name) })
    }

    rebuild.push(draw)
  }

  function toggle (name: string): void {
    if (!hidden.delete(name)) {
      hidden.add(name)
    }
    for (const chip of document.querySelectorAll<HTMLElement>('.chip')) {
      chip.setAttribute('aria-pressed', String(!hidden.has(chip.dataset.name ?? '')))
    }
    for (const { plot, names } of drawn) {
      names.forEach((name, i) => { plot.setSeries(i + 1, { show: !hidden.has(name) }) })
    }
  }

  const palette = (colors: readonly string[]): string => `:root { ${colors.map((color, i) => `--color-${i}: ${color}`).join('; ')} }`
  document.head.append(el('style', {}, `${palette(LIGHT)} @media (prefers-color-scheme: dark) { ${palette(DARK)} }`))

  const header = el('header', {}, el('h1', {}, 'Kitsune simulator'), el('p', { class: 'quiet' }, 'made by ', el('code', {}, data.command)))
  document.body.append(header)

  for (const scenario of data.scenarios) {
    const { runs, members } = scenario
    const section = el('section', {}, el('h2', {}, el('small', {}, scenario.name), scenario.title), el('p', { class: 'quiet' }, scenario.about))
    document.body.append(section)

    section.append(el('div', { class: 'scroll' }, el('table', {},
      el('thead', {}, el('tr', {}, el('th', {}, 'strategy'), ...scenario.columns.map(({ title, about }) => el('th', { title: about }, title)))),
      el('tbody', {}, ...runs.map(({ name, cells }) => el('tr', {}, el('td', {}, name), ...cells.map(cell => el('td', {}, cell)))))
    )))

    const chips = el('div', { class: 'chips' })
    for (const { name } of runs) {
      const chip = el('button', { class: 'chip', 'aria-pressed': 'true', 'data-name': name, title: 'show or hide' }, swatch(strategyStyle(name)), name)
      chip.addEventListener('click', () => { toggle(name) })
      chips.append(chip)
    }
    section.append(chips)

    const plots = el('div', { class: 'plots' })
    section.append(plots)
    const time = runs[0].series.time
    const byStrategy = (of: (run: typeof runs[number]) => ReadonlyArray<number | null>): Line[] =>
      runs.map(run => ({ name: run.name, style: strategyStyle(run.name), values: [...of(run)] }))

    function byMember (title: string, about: string, what: 'share' | 'hitShare', most: number): void {
      const small = el('div', { class: 'plots small' })
      section.append(
        el('h3', {}, title),
        el('p', { class: 'quiet' }, about),
        el('div', { class: 'legend' }, ...members.map((id, i) => el('span', {}, swatch(styleOf(i)), id))),
        small
      )
      for (const { name, series } of runs) {
        plot(small, { title: name, about: '', x: time, lines: members.map((id, i) => ({ name: id, style: styleOf(i), values: [...series[what][i]] })), kind: 'time', y: 'share', height: 170, most })
      }
    }

    const quantiles = runs.map(({ curve }) => curve).reduce((a, b) => b.length > a.length ? b : a).map(({ quantile }) => quantile)
    plot(plots, {
      title: 'Latency by percentile',
      about: 'How long the slowest wants take: further right, rarer',
      x: quantiles.map(left),
      lines: byStrategy(({ curve }) => quantiles.map((_, i) => curve[i]?.ms ?? null)),
      kind: 'quantile',
      y: 'ms',
      height: 300
    })
    plot(plots, {
      title: 'Latency over time',
      about: 'p99 of each interval; thin and dashed: the median',
      x: time,
      lines: [...byStrategy(({ series }) => series.p99), ...byStrategy(({ series }) => series.p50).map(line => ({ ...line, dashed: true }))],
      kind: 'time',
      y: 'ms',
      height: 300
    })
    const hasCaches = runs.some(({ series }) => series.hits.some(value => value != null))
    if (hasCaches) {
      plot(plots, { title: 'Cache hits over time', about: 'share of the blocks that members had in their caches', x: time, lines: byStrategy(({ series }) => series.hits), kind: 'time', y: 'share', height: 240 })
    }

    const shares = runs.flatMap(({ series }) => series.share.flat()).filter(value => value != null)
    byMember('Load of each member over time', 'share of all asks, a plot for each strategy', 'share', Math.min(1, Math.max(...shares) * 1.1))
    if (hasCaches) {
      byMember('Cache hits of each member over time', 'share of the blocks it worked on, a plot for each strategy', 'hitShare', 1)
    }

    section.append(el('details', {}, el('summary', {}, 'All parameters'), el('div', { class: 'scroll' }, el('table', {},
      el('thead', {}, el('tr', {}, el('th', {}, 'parameter'), el('th', {}, 'value'), el('th', {}, 'meaning'))),
      el('tbody', {}, ...scenario.parameters.map(({ name, value, about }) => el('tr', {}, el('td', {}, el('code', {}, name)), el('td', {}, value), el('td', {}, about))))
    ))))
  }

  function drawAll (): void {
    for (const { plot } of drawn.splice(0)) {
      plot.destroy()
    }
    for (const draw of rebuild) {
      draw()
    }
  }

  drawAll()
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', drawAll)
  let resizing = 0
  addEventListener('resize', () => {
    clearTimeout(resizing)
    resizing = window.setTimeout(drawAll, 150)
  })
}
