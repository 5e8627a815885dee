import { median, medianRatio } from './statistics.ts'
import type { SubjectName } from './args.ts'
import type { RunResult } from './run.ts'

/** The medians of one subject under one workload. */
export interface Row {
  workload: string
  subject: SubjectName
  runs: number
  megabytesPerSecond: number
  blocksPerSecond: number
  p50: number
  p99: number
  cpuSecondsPerGiB: number
  cpuSecondsPer10kBlocks: number
  /** Share of the CPU time that was spent in the kernel, from 0 to 1. */
  system: number
  /** Share of the CPU time that was spent on the main thread. */
  main: number
  peakRss: number
}

/** A subject compared with another one under one workload: medians of the ratios within pairs. */
export interface Comparison {
  workload: string
  subject: SubjectName
  against: SubjectName
  pairs: number
  /** Above 1 the subject is faster. */
  rate: number
  /** Below 1 the subject uses less CPU for the same blocks. */
  cpu: number
  /** The ratio of each pair, in order. */
  rates: number[]
  cpus: number[]
}

/** The results: medians, and ratios between subjects. */
export interface Report {
  rows: Row[]
  comparisons: Comparison[]
}

/** Which subjects are compared. */
const COMPARED: ReadonlyArray<readonly [SubjectName, SubjectName]> = [['balancer', 'naive'], ['edge', 'balancer']]

/** Groups the results by workload and subject. */
export function report (results: readonly RunResult[]): Report {
  const workloads = [...new Set(results.map(({ workload }) => workload))]
  const rows: Row[] = []
  const comparisons: Comparison[] = []

  for (const workload of workloads) {
    const of = (subject: SubjectName): RunResult[] => results.filter(result => result.workload === workload && result.subject === subject)

    for (const subject of ['direct', 'naive', 'balancer', 'edge'] as const) {
      const runs = of(subject)

      if (runs.length > 0) {
        rows.push(row(workload, subject, runs))
      }
    }

    for (const [subject, against] of COMPARED) {
      // a run that failed leaves its neighbour without a partner
      const partners = new Map(of(against).map(run => [run.pair, run]))
      const pairs = of(subject).flatMap(run => {
        const partner = partners.get(run.pair)

        return partner == null ? [] : [{ run, partner }]
      })

      if (pairs.length > 0) {
        comparisons.push(comparison(workload, subject, against, pairs))
      }
    }
  }

  return { rows, comparisons }
}

function comparison (workload: string, subject: SubjectName, against: SubjectName, pairs: ReadonlyArray<{ readonly run: RunResult, readonly partner: RunResult }>): Comparison {
  return {
    workload,
    subject,
    against,
    pairs: pairs.length,
    rate: medianRatio(pairs.map(({ run }) => run.blocksPerSecond), pairs.map(({ partner }) => partner.blocksPerSecond)),
    cpu: medianRatio(pairs.map(({ run }) => run.cpuSecondsPer10kBlocks), pairs.map(({ partner }) => partner.cpuSecondsPer10kBlocks)),
    rates: pairs.map(({ run, partner }) => run.blocksPerSecond / partner.blocksPerSecond),
    cpus: pairs.map(({ run, partner }) => run.cpuSecondsPer10kBlocks / partner.cpuSecondsPer10kBlocks)
  }
}

function row (workload: string, subject: SubjectName, runs: readonly RunResult[]): Row {
  const of = (field: keyof { [K in keyof RunResult as RunResult[K] extends number ? K : never]: true }): number => median(runs.map(run => run[field]))

  return {
    workload,
    subject,
    runs: runs.length,
    megabytesPerSecond: of('megabytesPerSecond'),
    blocksPerSecond: of('blocksPerSecond'),
    p50: of('p50'),
    p99: of('p99'),
    cpuSecondsPerGiB: of('cpuSecondsPerGiB'),
    cpuSecondsPer10kBlocks: of('cpuSecondsPer10kBlocks'),
    system: of('systemCpuSeconds') / of('cpuSeconds'),
    main: of('mainCpuSeconds') / of('cpuSeconds'),
    peakRss: of('peakRss')
  }
}

/** The report as tables in Markdown, which a terminal shows as well. */
export function printReport ({ rows, comparisons }: Report): string {
  const lines = table(
    ['workload', 'through', 'MB/s', 'blocks/s', 'p50 ms', 'p99 ms', 'CPU s/GiB', 'CPU s/10k blocks', 'kernel', 'main thread', 'peak RSS MB'],
    rows.map(row => [
      row.workload,
      row.subject,
      row.megabytesPerSecond.toFixed(1),
      row.blocksPerSecond.toFixed(0),
      row.p50.toFixed(2),
      row.p99.toFixed(2),
      row.cpuSecondsPerGiB.toFixed(2),
      row.cpuSecondsPer10kBlocks.toFixed(2),
      percent(row.system),
      // kubo has no main thread, and its memory is that of all runs so far
      row.subject === 'direct' ? '–' : percent(row.main),
      row.subject === 'direct' ? '–' : (row.peakRss / 1e6).toFixed(0)
    ])
  )

  for (const [subject, against] of COMPARED) {
    const compared = comparisons.filter(one => one.subject === subject && one.against === against)

    if (compared.length > 0) {
      lines.push('', ...table(
        [`${subject} / ${against === 'naive' ? 'naive copy' : against}`, 'pairs', 'rate', 'rate of each pair', 'CPU', 'CPU of each pair'],
        compared.map(({ workload, pairs, rate, rates, cpu, cpus }) => [
          workload,
          pairs.toFixed(0),
          `${rate.toFixed(2)} ×`,
          rates.map(ratio => ratio.toFixed(2)).join(' '),
          `${cpu.toFixed(2)} ×`,
          cpus.map(ratio => ratio.toFixed(2)).join(' ')
        ])
      ))
    }
  }

  return lines.join('\n')
}

function percent (share: number): string {
  return `${(share * 100).toFixed(0)} %`
}

/** A Markdown table with aligned columns. */
export function table (head: readonly string[], rows: ReadonlyArray<readonly string[]>): string[] {
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map(row => row[i].length)))
  const line = (cells: readonly string[]): string => `| ${cells.map((cell, i) => cell.padEnd(widths[i])).join(' | ')} |`

  return [
    line(head),
    `|${widths.map(width => '-'.repeat(width + 2)).join('|')}|`,
    ...rows.map(line)
  ]
}
