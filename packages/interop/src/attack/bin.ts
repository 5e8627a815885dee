/* eslint-disable no-console */
import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { runCommand, whole } from '../command.ts'
import { UsageError } from '../errors.ts'
import { FLOODS } from './floods.ts'
import { attack, attackTime, exceeds } from './run.ts'
import type { Latencies } from './honest.ts'
import type { AttackResult } from './run.ts'
import type { OptionValues } from '../command.ts'

const HELP = `npm run attack -- [options]

Floods a balancer that it starts on loopback, and no other. Options:
  --only TEXT     the floods whose name contains the text
  --all           each over TCP and WebSockets; default: over both where that matters to it
  --times N       how often each is repeated (3); the result is the median
  --seconds N     how long each lasts (10)
  --settle N      seconds until memory is looked at again (30)
  --record FILE   writes the table there, too
`

const OPTIONS = {
  only: { type: 'string', default: '' },
  all: { type: 'boolean', default: false },
  times: { type: 'string', default: '3' },
  seconds: { type: 'string', default: '10' },
  settle: { type: 'string', default: '30' },
  record: { type: 'string' }
} as const

await runCommand(HELP, OPTIONS, main)

async function main (values: OptionValues<typeof OPTIONS>): Promise<void> {
  const floods = FLOODS.filter(({ name }) => name.includes(values.only))

  if (floods.length === 0) {
    throw new UsageError(`--only ${values.only} is not part of the name of any flood: the floods are ${FLOODS.map(({ name }) => name).join(', ')}`)
  }

  const lines = [
    '| flood | sent, MB | honest p50 / p99 before, ms | flooding another balancer | during | after | RSS before / peak / after, MiB | heap and external before / after, MiB | longest stall / loop delay p99, ms | above the limits |',
    '|---|---|---|---|---|---|---|---|---|---|'
  ]
  const late: AttackResult[] = []
  const options = {
    floods,
    all: values.all,
    times: whole('times', values.times, 9),
    duration: whole('seconds', values.seconds, 120) * 1000,
    settle: whole('settle', values.settle, 600) * 1000
  }
  console.error(`${floods.length} floods, about ${Math.ceil(attackTime(options) / 60_000)} minutes\n`)
  console.log(lines.join('\n'))

  await attack({
    ...options,
    onResult (result) {
      lines.push(row(result))
      console.log(row(result))

      if (exceeds(result)) {
        late.push(result)
      }
    }
  })

  for (const { name, transport, during, delay } of late) {
    console.error(`${name} over ${transport}: the honest client waits ${Math.round(during.p99)} ms at p99${during.lost > 0 ? ` and loses ${during.lost} wants` : ''}, and the event loop is ${Math.round(delay)} ms late; the limits are three times what the client waits while another balancer is flooded, plus 100 ms, and 100 ms for the loop`)
  }

  process.exitCode = late.length > 0 ? 1 : 0

  if (values.record != null) {
    writeFileSync(values.record, [
      '# Floods of a balancer',
      '',
      `Written by \`npm run attack\` on ${new Date().toISOString().slice(0, 10)}: ${cpus().length} cores, ${cpus()[0]?.model ?? 'unknown'}, Node ${process.versions.node}, ${values.seconds} s each.`,
      'The balancer, its member, the honest client and the attacker share the machine, so "flooding another balancer" shows what the attacker costs',
      'the machine: the honest client is measured while the same flood goes to a second balancer beside the first.',
      '',
      ...lines,
      ''
    ].join('\n'))
  }
}

function row (result: AttackResult): string {
  const { name, transport, sent, before, sink, during, after, rss, heap, stall, delay } = result
  const MiB = (bytes: number): string => String(Math.round(bytes / (1 << 20)))

  return `| ${name}${transport === 'ws' ? ', WebSocket' : ''} | ${(sent / 1e6).toFixed(1)} | ${times(before)} | ${times(sink)} | ${times(during)} | ${times(after)} | ${MiB(rss.before)} / ${MiB(rss.peak)} / ${MiB(rss.after)} | ${MiB(heap.before)} / ${MiB(heap.after)} | ${Math.round(stall)} / ${Math.round(delay)} | ${exceeds(result) ? 'yes' : 'no'} |`
}

function times ({ p50, p99, lost }: Latencies): string {
  return `${p50.toFixed(0)} / ${p99.toFixed(0)}${lost > 0 ? `, ${lost} lost` : ''}`
}
