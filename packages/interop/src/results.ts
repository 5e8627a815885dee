import { mkdirSync, writeFileSync } from 'node:fs'
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

/** Writes `results/full-size.json` and, for reading, `results/full-size.md` in this package. */
export function recordResults (pins: readonly PinResult[]): void {
  const folder = join(dirname(dirname(kuboModule())), 'results')
  const machine = `${cpus().length} cores, ${cpus()[0]?.model ?? 'unknown'}, Node ${process.versions.node}, kubo ${kuboVersion()}`
  const date = new Date().toISOString().slice(0, 10)

  const rows = pins.map(({ size, blockSize, transport, downstreams, seconds }) =>
    `| ${size / (1 << 20)} MiB | ${blockSize / (1 << 10)} KiB | ${transport} | ${downstreams} | ${seconds.toFixed(1)} | ${(size / seconds / 1e6).toFixed(1)} | ${Math.round(size / blockSize / seconds)} |`)

  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'full-size.json'), `${JSON.stringify({ date, machine, pins }, null, 2)}\n`)
  writeFileSync(join(folder, 'full-size.md'), [
    '# Pins through the balancer at full size',
    '',
    `Written by \`npm run test:full\` on ${date}: ${machine}. Two downstream kubos, the balancer, the pinning kubo and the test share the machine;`,
    'the pinned file\'s sha-256 was compared after each. These are proofs of correctness, not benchmarks: see docs/benchmarks.md for those.',
    '',
    '| file | blocks | transport | downstreams | seconds | MB/s | blocks/s |',
    '|---|---|---|---|---|---|---|',
    ...rows,
    ''
  ].join('\n'))
}
