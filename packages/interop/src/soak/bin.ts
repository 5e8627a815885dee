/* eslint-disable no-console */
import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { soak } from './soak.ts'
import type { SoakSample } from './soak.ts'

/** What may be resident at any later time, as a share of the most that was in the first minutes. */
const FLAT = 1.1
/** Until then the heap grows to what the load needs, and chance decides when: minutes. */
const WARM_UP = 10

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '60' },
    record: { type: 'string' }
  }
})
const minutes = Number(values.minutes)

if (!(minutes > 0 && minutes <= 24 * 60)) {
  throw new Error(`--minutes must be more than 0 and at most ${24 * 60}, not ${values.minutes}`)
}

const samples: SoakSample[] = []
const lines = ['| minute | served | lost | RSS, MiB | heap, MiB | external, MiB | longest stall, ms |', '|---|---|---|---|---|---|---|']
console.log(lines.join('\n'))

await soak({
  duration: minutes * 60_000,
  interval: Math.min(60_000, minutes * 60_000 / 12),
  onSample (sample) {
    samples.push(sample)
    lines.push(row(sample))
    console.log(row(sample))
  }
})

const early = samples.filter(({ at }) => at <= WARM_UP * 60_000)
const late = samples.filter(({ at }) => at > WARM_UP * 60_000)
const growth = most(late) / most(early)
const lost = samples.at(-1)?.lost ?? 0
const verdict = `${lost} wants were lost. ${late.length === 0
  ? `Whether memory is flat is judged after ${WARM_UP} minutes.`
  : `After ${WARM_UP} minutes RSS was at most ${growth.toFixed(2)} times the most that it had been until then.`}`
console.log(`\n${verdict}`)
process.exitCode = lost > 0 || growth > FLAT ? 1 : 0

if (values.record != null) {
  writeFileSync(values.record, [
    '# A soak',
    '',
    `Written by \`npm run soak\` on ${new Date().toISOString().slice(0, 10)}: ${minutes} minutes, ${cpus().length} cores, ${cpus()[0]?.model ?? 'unknown'}, Node ${process.versions.node}.`,
    'Forty clients, of which four read slowly, want blocks, take some wants back, leave and come back, while two members take turns at being restarted.',
    '',
    verdict,
    '',
    ...lines,
    ''
  ].join('\n'))
}

/** The most that was resident; 0 of no samples. */
function most (some: readonly SoakSample[]): number {
  return Math.max(0, ...some.map(({ rss }) => rss))
}

function row ({ at, served, lost, rss, heap, external, stall }: SoakSample): string {
  const MiB = (bytes: number): string => String(Math.round(bytes / (1 << 20)))

  return `| ${(at / 60_000).toFixed(1)} | ${served} | ${lost} | ${MiB(rss)} | ${MiB(heap)} | ${MiB(external)} | ${Math.round(stall)} |`
}
