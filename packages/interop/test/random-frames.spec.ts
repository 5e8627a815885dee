import { encodeFrame } from '@kitsune/bitswap-codec'
import { DATA, GO_AWAY, PING, RST, SYN, WINDOW_UPDATE, yamuxFrame } from '@kitsune/host/testing'
import { expect } from 'aegir/chai'
import fc from 'fast-check'
import { createHolder } from '../src/attack/holder.ts'
import { createHonestClient } from '../src/attack/honest.ts'
import { rawConnection } from '../src/attack/raw.ts'
import { startBalancer } from '../src/balancer.ts'
import { seededBlocks } from '../src/blocks.ts'
import { FULL } from '../src/full.ts'
import { delay, poll } from '../src/until.ts'
import { createWirePeer, wantEntry } from '../src/wire-peer.ts'
import type { HonestClient } from '../src/attack/honest.ts'
import type { Balancer } from '../src/balancer.ts'
import type { WirePeer } from '../src/wire-peer.ts'

/** Each connection brings its own frames. */
const CONNECTIONS = FULL ? 2_000 : 100
const SEED = 7
const ACK = 2
const FIN = 4
const PROTOCOLS = ['/ipfs/ping/1.0.0', '/ipfs/id/1.0.0', '/ipfs/id/push/1.0.0', '/ipfs/bitswap/1.2.0', '/ipfs/bitswap/1.0.0', '/nothing/1.0.0']

/** What a peer does next on its connection. */
type Step = { readonly frames: Uint8Array } | { readonly rest: number }

function line (text: string): Uint8Array {
  return Buffer.from(`${String.fromCharCode(text.length + 1)}${text}\n`, 'latin1')
}

/** Content of streams: much of it is what a peer sends that means well. */
function content (messages: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> {
  return fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...PROTOCOLS).map(protocol => Buffer.concat([line('/multistream/1.0.0'), line(protocol)])) },
    { weight: 3, arbitrary: fc.nat(40).map(count => new Uint8Array(32 * count)) },
    { weight: 3, arbitrary: fc.constantFrom(...messages) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }) },
    { weight: 1, arbitrary: fc.constant(line('na')) }
  )
}

/** Flags and streams as peers may send them: those that end the connection at once would hide all others. */
const own = fc.tuple(fc.constantFrom(0, 0, SYN, SYN, SYN, RST, FIN, ACK, SYN | FIN), fc.nat(15).map(i => 2 * i + 1))
const balancers = fc.tuple(fc.constantFrom(0, ACK, FIN, RST), fc.nat(7).map(i => 2 * i + 2))
const stream = fc.oneof({ weight: 8, arbitrary: own }, { weight: 1, arbitrary: balancers })
const size = fc.constantFrom(0, 1, 1_000, 256 << 10, 0xffffffff)
const code = fc.constantFrom(0, 1, 2, 99)

function frame (messages: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> {
  return fc.oneof(
    { weight: 500, arbitrary: fc.tuple(stream, content(messages)).map(([[flag, id], bytes]) => yamuxFrame(DATA, flag, id, bytes.byteLength, bytes)) },
    { weight: 300, arbitrary: fc.tuple(stream, size).map(([[flag, id], size]) => yamuxFrame(WINDOW_UPDATE, flag, id, size)) },
    { weight: 30, arbitrary: code.map(value => yamuxFrame(PING, SYN, 0, value)) },
    { weight: 1, arbitrary: code.map(value => yamuxFrame(PING, ACK, 0, value)) },
    { weight: 1, arbitrary: code.map(reason => yamuxFrame(GO_AWAY, 0, 0, reason)) },
    { weight: 1, arbitrary: fc.tuple(fc.nat(5), fc.nat(15), fc.nat(), size).map(([type, flag, id, size]) => yamuxFrame(type, flag, id, size)) }
  )
}

function steps (messages: readonly Uint8Array[]): fc.Arbitrary<Step[]> {
  const frames = fc.array(frame(messages), { minLength: 1, maxLength: 30 }).map(frames => ({ frames: Buffer.concat(frames) }))

  return fc.array(fc.oneof({ weight: 3, arbitrary: frames }, { weight: 1, arbitrary: fc.nat(20).map(rest => ({ rest })) }), { minLength: 1, maxLength: 12 })
}

describe('a balancer whose clients send frames of any kind in any order', function () {
  this.timeout(FULL ? 600_000 : 120_000)

  let member: WirePeer
  let balancer: Balancer
  let honest: HonestClient
  let messages: Uint8Array[]

  before(async () => {
    const blocks = await seededBlocks(5, 1_000, 'for random frames')
    const { hold, onMessage } = createHolder(blocks)
    messages = (['block', 'have'] as const).map(type => Buffer.concat(encodeFrame({ wants: blocks.map(({ cid }) => wantEntry(cid, { type, sendDontHave: true })) }, '/ipfs/bitswap/1.2.0')))
    member = await createWirePeer({ listen: ['tcp'], keeps: false, onMessage })
    balancer = await startBalancer({ downstreams: member.addresses, args: ['--max-new-connections', '2000'] })
    await poll(balancer.ready, 'the balancer to be ready')
    honest = await createHonestClient(balancer.tcp, 'beside random frames', hold)
  })

  after(async () => {
    await honest?.stop()
    await balancer?.stop()
    await member?.stop()
  })

  const play = async (transport: 'tcp' | 'ws'): Promise<void> => {
    for (const [i, plays] of fc.sample(steps(messages), { seed: SEED, numRuns: CONNECTIONS }).entries()) {
      const { sender, stop } = await rawConnection(balancer[transport])

      for (const step of plays) {
        if ('rest' in step) {
          await delay(step.rest)
        } else if (sender.status === 'open') {
          sender.send(step.frames)
        }
      }

      await stop()
      expect(balancer.output.filter(line => line.includes('not caught') || line.includes('uncaughtException')), `connection ${i}`).to.deep.equal([])
    }

    expect(await balancer.ready()).to.equal(true)
    expect((await honest.measure(500)).lost).to.equal(0)
  }

  for (const transport of ['tcp', 'ws'] as const) {
    it(`lives, serves another client, and meets no error that it does not handle: ${CONNECTIONS} of them over ${transport}`, async () => play(transport))
  }
})
