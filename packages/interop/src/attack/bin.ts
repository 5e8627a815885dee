/* eslint-disable no-console */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { runCommand, whole } from '../command.ts'
import { UsageError } from '../errors.ts'
import { FLOODS, transportsOf } from './floods.ts'
import { HEAD, readRecorded, recorded, row, title } from './recorded.ts'
import { attack, attackTime, exceeds } from './run.ts'
import type { AttackResult } from './run.ts'
import type { OptionValues } from '../command.ts'

const HELP = `npm run attack -- [options]

Floods a balancer that it starts on loopback, and no other. Options:
  --only TEXT     the floods whose name contains the text
  --all           each over TCP and WebSockets; default: over both where that matters to it
  --times N       how often each is repeated (3); the result is the median
  --seconds N     how long each lasts (5)
  --settle N      seconds until memory is looked at again (30)
  --record FILE   writes the table there, too, after each flood; with --only, the rows of other floods stay as they are
`

const OPTIONS = {
  only: { type: 'string', default: '' },
  all: { type: 'boolean', default: false },
  times: { type: 'string', default: '3' },
  seconds: { type: 'string', default: '5' },
  settle: { type: 'string', default: '30' },
  record: { type: 'string' }
} as const

await runCommand(HELP, OPTIONS, main)

async function main (values: OptionValues<typeof OPTIONS>): Promise<void> {
  const floods = FLOODS.filter(({ name }) => name.includes(values.only))

  if (floods.length === 0) {
    throw new UsageError(`--only ${values.only} is not part of the name of any flood: the floods are ${FLOODS.map(({ name }) => name).join(', ')}`)
  }

  const options = {
    floods,
    all: values.all,
    times: whole('times', values.times, 9),
    duration: whole('seconds', values.seconds, 120) * 1000,
    settle: whole('settle', values.settle, 600) * 1000
  }
  const record = recorder(values)
  const late: AttackResult[] = []
  console.error(`${floods.length} floods, about ${Math.ceil(attackTime(options) / 60_000)} minutes\n`)
  console.log(HEAD.join('\n'))

  await attack({
    ...options,
    onResult (result) {
      console.log(record(result))

      if (exceeds(result)) {
        late.push(result)
      }
    }
  })

  for (const { name, transport, during, delay } of late) {
    console.error(`${name} over ${transport}: the honest client waits ${Math.round(during.p99)} ms at p99${during.lost > 0 ? ` and loses ${during.lost} wants` : ''}, and the event loop is ${Math.round(delay)} ms late; the limits are three times what the client waits while another balancer is flooded, plus 100 ms, and 100 ms for the loop`)
  }

  process.exitCode = late.length > 0 ? 1 : 0
}

/** Makes a row of each result, and keeps it in the file, if there is one: what ends early has recorded what it had. */
function recorder ({ only, times, seconds, settle, record }: OptionValues<typeof OPTIONS>): (result: AttackResult) => string {
  const machine = `${cpus().length} cores, ${cpus()[0]?.model ?? 'unknown'}, Node ${process.versions.node}`
  const titles = FLOODS.flatMap(kind => transportsOf(kind, true).map(transport => title({ name: kind.name, transport })))
  const rows = only !== '' && record != null && existsSync(record) ? readRecorded(readFileSync(record, 'utf8'), machine) : new Map<string, string>()

  return result => {
    const line = row(result, `${new Date().toISOString().slice(0, 10)}, ${times} × ${seconds} s, memory after ${settle} s`)
    rows.set(title(result), line)

    if (record != null) {
      writeFileSync(record, recorded(machine, titles, rows))
    }

    return line
  }
}
