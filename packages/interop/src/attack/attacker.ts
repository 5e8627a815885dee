import { FLOODS } from './floods.ts'
import type { Flood, Transport } from './flood.ts'

/** What an attacker's process is told. */
export interface AttackInit {
  readonly name: string
  /** Where the balancer listens, with /p2p/, and by which transport. */
  readonly address: string
  readonly transport: Transport
  /** It is to be as large as it ever is. */
  readonly full: boolean
  /** It ends after this, ms. */
  readonly duration: number
  /** It sends no more than this, bytes. */
  readonly most: number
  /** CIDs of 25 MiB that the balancer's member has. */
  readonly wants: readonly string[]
}

/** A separate process floods a balancer on loopback, and prints how much it has sent. */
const { name, duration, most, ...target } = JSON.parse(process.argv[2]) as AttackInit
const kind = FLOODS.find(flood => flood.name === name)

if (kind == null || !target.address.startsWith('/ip4/127.0.0.1/')) {
  throw new Error('only a balancer on loopback can be flooded, and only in one of the known ways')
}

/** How long clients may take to connect, ms. */
const PREPARATION = 60_000
let end = performance.now() + PREPARATION
let sent = 0
const flood: Flood = {
  ...target,
  begin () {
    end = performance.now() + duration
    // nothing may go on after the flood, nor end before it while a connection is being closed whose socket has gone
    setTimeout(() => { process.exit(finish()) }, duration + 1_000)
    process.stdout.write('started\n')
  },
  get over () { return performance.now() >= end || sent >= most },
  sent (bytes) { sent += bytes },
  rest: async ms => new Promise(resolve => { setTimeout(resolve, Math.max(0, Math.min(ms, end - performance.now()))) })
}

// whatever becomes of a connection that the balancer has ended
process.on('unhandledRejection', () => {})
process.on('uncaughtException', () => {})

function finish (): number {
  process.stdout.write(`{"sent":${sent}}\n`)

  return 0
}

if (kind.prepares !== true) {
  flood.begin()
}

await kind.run(flood).catch(err => { process.stderr.write(`${err}\n`) })
process.exit(finish())
