import { FLOODS } from './floods.ts'
import type { Flood, Transport } from './flood.ts'

/** The options of an attacker's process. */
export interface AttackInit {
  readonly name: string
  /** Where the balancer listens, with /p2p/, and by which transport. */
  readonly address: string
  readonly transport: Transport
  /** Whether it runs at its full size. */
  readonly full: boolean
  /** How long it lasts, ms. */
  readonly duration: number
  /** The most that it sends, bytes. */
  readonly most: number
  /** CIDs of 25 MiB that the balancer's member has. */
  readonly wants: readonly string[]
}

/** A separate process that floods a balancer on loopback, and prints how much it has sent. */
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
    // nothing may continue after the flood, and the process may not end before it, even while a connection without a socket is being closed
    setTimeout(() => { process.exit(finish()) }, duration + 1_000)
    process.stdout.write('started\n')
  },
  get over () { return performance.now() >= end || sent >= most },
  sent (bytes) { sent += bytes },
  rest: async ms => new Promise(resolve => { setTimeout(resolve, Math.max(0, Math.min(ms, end - performance.now()))) })
}

// errors of a connection that the balancer has ended do not matter
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
