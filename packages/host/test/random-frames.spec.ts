import { multiaddr } from '@multiformats/multiaddr'
import fc from 'fast-check'
import { createHost } from '../src/node/index.ts'
import { DATA, GO_AWAY, PING, RST, SYN, unmuxed, WINDOW_UPDATE, yamuxFrame } from '../src/testing/index.ts'
import { addressOf, createTestHosts } from './support/hosts.ts'
import { until } from './support/until.ts'
import type { Libp2p } from '@libp2p/interface'

/** Each connection brings its own frames. */
const CONNECTIONS = process.env.KITSUNE_FULL === '1' ? 5_000 : 300
const SEED = 7
const ACK = 2
const FIN = 4
const ECHO = '/echo'
/** Sends much to a peer that opens a stream. */
const POUR = '/pour'
const PROTOCOLS = ['/ipfs/ping/1.0.0', '/ipfs/id/1.0.0', '/ipfs/id/push/1.0.0', ECHO, POUR, '/nothing/1.0.0']
/** So low that a few frames reach them. */
const LIMITS = { streamsPerSecond: 100, brokenStreamsPerSecond: 1, pingsPerSecond: 2 }

/** What a peer does next on its connection. */
type Step = { readonly frames: Uint8Array } | { readonly rest: number }

function line (text: string): Uint8Array {
  return Buffer.from(`${String.fromCharCode(text.length + 1)}${text}\n`, 'latin1')
}

/** Content of streams: much of it is what a peer sends that means well. */
const content = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom(...PROTOCOLS).map(protocol => Buffer.concat([line('/multistream/1.0.0'), line(protocol)])) },
  { weight: 5, arbitrary: fc.nat(40).map(count => new Uint8Array(32 * count)) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }) },
  { weight: 1, arbitrary: fc.constant(line('na')) }
)
/** Flags and streams as peers may send them: those that end the connection at once would hide all others. */
const own = fc.tuple(fc.constantFrom(0, 0, SYN, SYN, SYN, RST, RST, FIN, ACK, SYN | FIN), fc.nat(15).map(i => 2 * i + 1))
const hosts = fc.tuple(fc.constantFrom(0, ACK, FIN, RST), fc.nat(7).map(i => 2 * i + 2))
const stream = fc.oneof({ weight: 8, arbitrary: own }, { weight: 1, arbitrary: hosts })
const size = fc.constantFrom(0, 1, 1_000, 256 << 10, 0xffffffff)
const code = fc.constantFrom(0, 1, 2, 99)
const frame = fc.oneof(
  { weight: 500, arbitrary: fc.tuple(stream, content).map(([[flag, id], bytes]) => yamuxFrame(DATA, flag, id, bytes.byteLength, bytes)) },
  { weight: 300, arbitrary: fc.tuple(stream, size).map(([[flag, id], size]) => yamuxFrame(WINDOW_UPDATE, flag, id, size)) },
  { weight: 30, arbitrary: code.map(value => yamuxFrame(PING, SYN, 0, value)) },
  { weight: 1, arbitrary: code.map(value => yamuxFrame(PING, ACK, 0, value)) },
  { weight: 1, arbitrary: code.map(reason => yamuxFrame(GO_AWAY, 0, 0, reason)) },
  { weight: 1, arbitrary: fc.tuple(fc.nat(5), fc.nat(15), fc.nat(), size).map(([type, flag, id, size]) => yamuxFrame(type, flag, id, size)) }
)
const play: fc.Arbitrary<Step[]> = fc.array(fc.oneof(
  { weight: 3, arbitrary: fc.array(frame, { minLength: 1, maxLength: 60 }).map(frames => ({ frames: Buffer.concat(frames) })) },
  { weight: 1, arbitrary: fc.nat(5).map(rest => ({ rest })) }
), { minLength: 1, maxLength: 12 })

describe('peers that send frames of any kind in any order', function () {
  this.timeout(600_000)

  const { server } = createTestHosts()

  async function serve (): Promise<Libp2p> {
    const host = await server(LIMITS)
    await host.handle(ECHO, stream => {
      stream.addEventListener('message', ({ data }) => { stream.writeStatus === 'writable' && stream.send(data) })
    }, { maxInboundStreams: 1_000 })
    await host.handle(POUR, stream => { stream.send(new Uint8Array(1 << 20)) }, { maxInboundStreams: 1_000 })

    return host
  }

  /** Plays the steps on a connection of its own, and leaves it in one of three ways. */
  async function connectAndPlay (host: Libp2p, transport: 'tcp' | 'ws', steps: readonly Step[], leave: number): Promise<void> {
    const peer = await createHost({ agent: { name: 'random', version: '0' } })
    await peer.start()
    const connection = await peer.dial(multiaddr(addressOf(host, transport)))
    const below = unmuxed(connection)

    for (const step of steps) {
      if ('rest' in step) {
        await new Promise(resolve => { setTimeout(resolve, step.rest) })
      } else if (below.status === 'open') {
        below.send(step.frames)
      }
    }

    if (leave === 0) {
      await connection.close({ signal: AbortSignal.timeout(50) }).catch(() => {})
    } else if (leave === 1) {
      connection.abort(new Error('gone'))
    }

    await peer.stop()
  }

  for (const transport of ['tcp', 'ws'] as const) {
    // an exception that nothing catches fails the test
    it(`cause no exception, and leave nothing: ${CONNECTIONS} of them over ${transport}`, async () => {
      const host = await serve()
      const plays = fc.sample(fc.tuple(play, fc.nat(2)), { seed: SEED, numRuns: CONNECTIONS })
      let next = 0

      await Promise.all(Array.from({ length: 4 }, async () => {
        while (next < plays.length) {
          const [steps, leave] = plays[next++]
          await connectAndPlay(host, transport, steps, leave)
        }
      }))

      await until(() => host.getConnections().length === 0)
    })
  }
})
