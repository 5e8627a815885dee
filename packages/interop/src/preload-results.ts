import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { dirname, join } from 'node:path'
import { kuboModule, kuboVersion } from './find-kubo.ts'

/** One figure of preload, as it is shown. */
export interface PreloadFigure {
  readonly what: string
  readonly value: string
}

const PATH = join(dirname(dirname(kuboModule())), 'results', 'preload.md')

/** Writes figures into `results/preload.md` of this package, replacing those of the same names. */
export function recordPreload (figures: readonly PreloadFigure[]): void {
  const rows = new Map([...recorded(), ...figures.map(({ what, value }) => [what, value] as const)])
  mkdirSync(dirname(PATH), { recursive: true })
  writeFileSync(PATH, [
    '# Preload at full size',
    '',
    `Written by \`npm run test:full\`, last on ${new Date().toISOString().slice(0, 10)}: ${cpus().length} cores, ${cpus()[0]?.model ?? 'unknown'}, Node ${process.versions.node}, kubo ${kuboVersion()}.`,
    'All processes share the machine.',
    '',
    '| | |',
    '|---|---|',
    ...[...rows].map(([what, value]) => `| ${what} | ${value} |`),
    ''
  ].join('\n'))
}

function recorded (): Array<readonly [string, string]> {
  try {
    return [...readFileSync(PATH, 'utf8').matchAll(/^\| ([^|]+[^| ]) \| (.*) \|$/gm)].map(([, what, value]) => [what, value] as const)
  } catch {
    return []
  }
}
