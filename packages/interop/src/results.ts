import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { dirname, join } from 'node:path'
import { kuboModule, kuboVersion } from './find-kubo.ts'

/** One pin through the balancer, measured by the wall clock of the client's `pin/add`. */
export interface PinResult {
  /** Bytes of the file. */
  size: number
  /** Bytes of a leaf. */
  blockSize: number
  transport: 'tcp' | 'ws'
  downstreams: string
  seconds: number
}

/** A transfer over HTTP, or by the addresses in provider records. */
export interface HttpResult {
  what: string
  /** Bytes of the file. */
  size: number
  seconds: number
}

/** Writes `results/full-size.json` and, for reading, `results/full-size.md` in this package. */
export function recordResults (pins: readonly PinResult[]): void {
  const rows = pins.map(({ size, blockSize, transport, downstreams, seconds }) =>
    `| ${size / (1 << 20)} MiB | ${blockSize / (1 << 10)} KiB | ${transport} | ${downstreams} | ${seconds.toFixed(1)} | ${(size / seconds / 1e6).toFixed(1)} | ${Math.round(size / blockSize / seconds)} |`)

  writeResults('full-size', { ...circumstances(), pins }, [
    '# Pins through the balancer at full size',
    '',
    `Written by \`npm run test:full\` on ${circumstances().date}: ${circumstances().machine}. Two downstream kubos, the balancer, the pinning kubo and the test share the machine;`,
    'the pinned file\'s sha-256 was compared after each. These are proofs of correctness, not benchmarks: see docs/benchmarks.md for those.',
    '',
    '| file | blocks | transport | downstreams | seconds | MB/s | blocks/s |',
    '|---|---|---|---|---|---|---|',
    ...rows
  ])
}

/** Writes `results/http.json` and `results/http.md`. Results of other tests stay until they are recorded again. */
export function recordHttp (results: readonly HttpResult[]): void {
  const before = readResults<{ results: HttpResult[] }>('http')?.results ?? []
  const all = [...before.filter(({ what }) => results.every(result => result.what !== what)), ...results]
  const { date, machine } = circumstances()

  writeResults('http', { date, machine, results: all }, [
    '# Files through the balancer over HTTP, at full size',
    '',
    `Written by \`npm run test:full\` on ${date}: ${machine}. All processes share the machine, and`,
    'the bytes were compared after each. These are proofs of correctness, not benchmarks: see docs/benchmarks.md for those.',
    '',
    '| what | file | seconds | MB/s |',
    '|---|---|---|---|',
    ...all.map(({ what, size, seconds }) => `| ${what} | ${size / (1 << 20)} MiB | ${seconds.toFixed(1)} | ${(size / seconds / 1e6).toFixed(1)} |`)
  ])
}

/** The date and the machine of a measurement. */
export function circumstances (): { date: string, machine: string } {
  return {
    date: new Date().toISOString().slice(0, 10),
    machine: `${cpus().length} cores, ${cpus()[0]?.model ?? 'unknown'}, Node ${process.versions.node}, kubo ${kuboVersion()}`
  }
}

function pathOf (file: string): string {
  return join(dirname(dirname(kuboModule())), 'results', file)
}

/** The earlier results in `results/<name>.json`, if there are any. */
export function readResults <T> (name: string): T | undefined {
  try {
    return JSON.parse(readFileSync(pathOf(`${name}.json`), 'utf8'))
  } catch {
    // nothing has been recorded yet
  }
}

/** Writes `results/<name>.json` and, for reading, `results/<name>.md` in this package. */
export function writeResults (name: string, data: unknown, lines: readonly string[]): void {
  mkdirSync(pathOf('.'), { recursive: true })
  writeFileSync(pathOf(`${name}.json`), `${JSON.stringify(data, null, 2)}\n`)
  writeFileSync(pathOf(`${name}.md`), `${lines.join('\n')}\n`)
}
