import { circumstances, readResults, writeResults } from '../../../src/results.ts'
import type { CorpusCar } from './corpus.ts'

/** The result of a backend and an index at full size. */
export interface MatrixResult {
  readonly backend: string
  readonly index: string
  /** The time until all blocks were read; those read twice count twice. */
  readonly seconds: number
  /** How many blocks were compared with those of the CARs, and their bytes. */
  readonly blocks: number
  readonly bytes: number
}

/** Writes `results/block-sources.json` and `results/block-sources.md`. Results of other backends stay, so that each can be run by itself. */
export function recordMatrix (cars: readonly CorpusCar[], results: readonly MatrixResult[]): void {
  const { date, machine } = circumstances()
  const before = readResults<{ results: MatrixResult[] }>('block-sources')?.results ?? []
  const isNew = (result: MatrixResult): boolean => results.some(({ backend, index }) => backend === result.backend && index === result.index)
  const all = [...before.filter(result => !isNew(result)), ...results]

  writeResults('block-sources', { date, machine, results: all }, [
    '# CARs in every backend, found by every index, at full size',
    '',
    `Written by \`npm run test:full\` on ${date}: ${machine}. Each block was compared with that of the CAR,`,
    'as `@ipld/car` reads it: once by its root, and once at random where the index can. These are proofs of correctness, not benchmarks.',
    '',
    '| CAR | blocks | bytes |',
    '|---|---|---|',
    ...cars.map(({ title, blocks, bytes }) => `| ${title} | ${blocks.length} | ${bytes.byteLength} |`),
    '',
    '| backend | index | blocks compared | MB | seconds |',
    '|---|---|---|---|---|',
    ...all.map(({ backend, index, blocks, bytes, seconds }) => `| ${backend} | ${index} | ${blocks} | ${(bytes / 1e6).toFixed(0)} | ${seconds.toFixed(1)} |`)
  ])
}
