/** Floods of sockets and connections. */
import { createWirePeer } from '../wire-peer.ts'
import { inBatches, pour, repeat } from './flood.ts'
import { openSocket, proposals, rawConnection } from './raw.ts'
import type { Flood, FloodKind } from './flood.ts'

const MB = 1_000_000
const MiB = 1 << 20

/** Another address of this machine than the honest client's. */
const STRANGER = '127.0.0.2'

async function beforeHandshake (flood: Flood): Promise<void> {
  await repeat(flood, { count: 1000, parallel: 4 }, async () => {
    const { sender, stop } = await openSocket(flood.address, flood.transport)
    await pour(flood, sender, MB / 4, proposals(flood.transport))
    stop()
    // a refused connection is opened again, but not in a busy loop
    await flood.rest(100)
  })
}

async function silent (flood: Flood): Promise<void> {
  const stops: Array<() => void> = []
  await repeat(flood, { count: 10_000, parallel: 10, perSecond: 200 }, async () => {
    const { stop } = await openSocket(flood.address, flood.transport, STRANGER)
    stops.push(stop)
    flood.sent(1)
  })
  stops.forEach(stop => { stop() })
}

async function identities (flood: Flood): Promise<void> {
  const connect = async (): Promise<() => Promise<void>> => {
    const { stop } = await rawConnection(flood.address)
    flood.sent(1)

    return stop
  }

  const stops = await inBatches(flood.full ? 1_980 : 100, connect)
  flood.begin()
  await repeat(flood, { count: 200, parallel: 2 }, async () => { stops.push(await connect()) })
  await flood.rest(Infinity)
  await Promise.all(stops.map(async stop => stop()))
}

async function reconnects (flood: Flood): Promise<void> {
  await repeat(flood, { count: 1_000, parallel: 10, perSecond: 100 }, async () => {
    const peer = await createWirePeer()

    try {
      await peer.connect(flood.address)
      flood.sent(1)
    } finally {
      await peer.stop()
    }
  })
}

/** The floods of sockets and connections that a balancer must survive. */
export const CONNECTION_FLOODS: readonly FloodKind[] = [
  { name: 'proposals before a handshake', both: true, run: beforeHandshake },
  { name: 'silent sockets, 200 a second', both: true, run: silent },
  // some 40 KB a connection
  { name: '2,000 idle identities', prepares: true, holds: 96 * MiB, run: identities },
  { name: 'reconnects, 100 a second', run: reconnects }
]
