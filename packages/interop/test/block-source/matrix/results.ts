import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { kuboVersion } from '../../../src/find-kubo.ts'
import type { CorpusCar } from './corpus.ts'

/** What a backend and an index served at full size. */
export interface MatrixResult {
  readonly backend: string
  readonly index: string
  /** Until all blocks were read, those that came twice counted twice. */
  readonly seconds: number
  /** How many blocks were compared with those of the CARs, and their bytes. */
  readonly blocks: number
  readonly bytes: number
}

/** Writes `results/block-sources.md` in this package. */
export function recordMatrix (cars: readonly CorpusCar[], results: readonly MatrixResult[]): void {
  const machine = `${cpus().length} cores, ${cpus()[0]?.model ?? 'unknown'}, Node ${process.versions.node}, kubo ${kuboVersion()}`

  writeFileSync(new URL('../../../results/block-sources.md', import.meta.url), [
    '# CARs in every backend, found by every index, at full size',
    '',
    `Written by \`npm run test:full\` on ${new Date().toISOString().slice(0, 10)}: ${machine}. Each block was compared with that of the CAR,`,
    'as `@ipld/car` reads it: once by its root, and once at random where the index can. These are proofs of correctness, not benchmarks.',
    '',
    '| CAR | blocks | bytes |',
    '|---|---|---|',
    ...cars.map(({ title, blocks, bytes }) => `| ${title} | ${blocks.length} | ${bytes.byteLength} |`),
    '',
    '| backend | index | blocks compared | MB | seconds |',
    '|---|---|---|---|---|',
    ...results.map(({ backend, index, blocks, bytes, seconds }) => `| ${backend} | ${index} | ${blocks} | ${(bytes / 1e6).toFixed(0)} | ${seconds.toFixed(1)} |`),
    ''
  ].join('\n'))
}
