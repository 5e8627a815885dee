/* eslint-disable no-console */
import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { positive, runCommand } from '../command.ts'
import { soak } from './soak.ts'
import type { SoakSample } from './soak.ts'
import type { OptionValues } from '../command.ts'

/** The most that may be resident later, as a share of the maximum of the first minutes. */
const FLAT = 1.1
/** How long the heap may take to grow to the size that the load needs, which varies: minutes. */
const WARM_UP = 10

const HELP = `npm run soak -- [options]

Loads a balancer that it starts on loopback: forty clients, of which four read slowly, want blocks, take
some wants back, leave and come back, while two members take turns at being restarted. It fails if a want
is lost, or if the memory grows after the first ${WARM_UP} minutes. Options:
  --minutes N     how long (60)
  --record FILE   writes the table there, too
`

const OPTIONS = {
  minutes: { type: 'string', default: '60' },
  record: { type: 'string' }
} as const

await runCommand(HELP, OPTIONS, main)

async function main (values: OptionValues<typeof OPTIONS>): Promise<void> {
  const minutes = positive('minutes', values.minutes, 24 * 60)
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

  const { passed, text } = judge(samples)
  console.log(`\n${text}`)
  process.exitCode = passed ? 0 : 1

  if (values.record != null) {
    writeFileSync(values.record, [
      '# A soak',
      '',
      `Written by \`npm run soak\` on ${new Date().toISOString().slice(0, 10)}: ${minutes} minutes, ${cpus().length} cores, ${cpus()[0]?.model ?? 'unknown'}, Node ${process.versions.node}.`,
      'Forty clients want blocks, cancel some wants, leave and come back; four of them read slowly. Meanwhile two members are restarted in turn.',
      '',
      text,
      '',
      ...lines,
      ''
    ].join('\n'))
  }
}

/** Whether wants were lost and memory was flat, with a sentence for each. */
function judge (samples: readonly SoakSample[]): { passed: boolean, text: string } {
  const early = samples.filter(({ at }) => at <= WARM_UP * 60_000)
  const late = samples.filter(({ at }) => at > WARM_UP * 60_000)
  const growth = most(late) / most(early)
  const lost = samples.at(-1)?.lost ?? 0

  return {
    passed: lost === 0 && !(growth > FLAT),
    text: `${lost} wants were lost. ${late.length === 0
      ? `Whether memory is flat is judged after ${WARM_UP} minutes.`
      : `After ${WARM_UP} minutes RSS was at most ${growth.toFixed(2)} times the most that it had been until then.`}`
  }
}

/** The maximum of resident memory; 0 without samples. */
function most (some: readonly SoakSample[]): number {
  return Math.max(0, ...some.map(({ rss }) => rss))
}

function row ({ at, served, lost, rss, heap, external, stall }: SoakSample): string {
  const MiB = (bytes: number): string => String(Math.round(bytes / (1 << 20)))

  return `| ${(at / 60_000).toFixed(1)} | ${served} | ${lost} | ${MiB(rss)} | ${MiB(heap)} | ${MiB(external)} | ${Math.round(stall)} |`
}
