import { readFileSync, readdirSync } from 'node:fs'
import { expect } from 'aegir/chai'
import { BITSWAP_PROTOCOLS, capabilities, decodeMessage, encodeFrame, frameDecoder } from '../src/index.ts'
import { compact, describeWant, hex } from './vectors/describe.ts'
import type { MessageDescription, Vector } from './vectors/describe.ts'
import type { BitswapProtocol, DecodedMessage, Outgoing } from '../src/index.ts'

const folder = new URL('../src/vectors/', import.meta.url)

for (const file of readdirSync(folder)) {
  describe(`vectors/${file}`, () => {
    const vectors: Vector[] = JSON.parse(readFileSync(new URL(file, folder), 'utf8'))

    for (const { name, origin, protocol, hex, message, error } of vectors) {
      const frame = Uint8Array.from(Buffer.from(hex, 'hex'))

      if (message == null) {
        it(`refuses "${name}" by ${origin}`, () => {
          expect(() => decodeMessage(frame)).to.throw().with.property('name', error)
        })

        continue
      }

      it(`reads "${name}" by ${origin}`, () => {
        expect(describeOurs(decodeMessage(frame))).to.deep.equal(message)
      })

      it(`writes what "${name}" by ${origin} means`, () => {
        const { skipped, ...sound } = message

        expect(describeOurs(roundTrip(decodeMessage(frame), protocol))).to.deep.equal(sound)
      })
    }

    it('names the writer and the protocol of each vector, and has no vector twice', () => {
      expect(vectors.map(({ hex, protocol }) => `${protocol} ${hex}`)).to.have.property('length', new Set(vectors.map(({ hex, protocol }) => `${protocol} ${hex}`)).size)

      for (const { name, origin, protocol } of vectors) {
        expect(name).to.not.be.empty()
        expect(origin).to.match(file === 'hand.json' ? /^hand$/ : /^(kubo|@helia\/bitswap) \d+\.\d+\.\d+$/)
        expect(BITSWAP_PROTOCOLS).to.include(protocol)
      }
    })
  })
}

describe('the vectors together', () => {
  const vectors: Vector[] = readdirSync(folder).flatMap(file => JSON.parse(readFileSync(new URL(file, folder), 'utf8')))

  it('contain every field of every protocol that can carry it', () => {
    for (const protocol of BITSWAP_PROTOCOLS) {
      const messages = vectors.filter(vector => vector.protocol === protocol).map(vector => vector.message ?? {})
      const can = capabilities(protocol)
      const has = (look: (message: MessageDescription) => unknown): boolean => messages.some(message => Boolean(look(message)))

      expect(has(message => message.wants?.some(want => want.cancel)), `cancel in ${protocol}`).to.be.true()
      expect(has(message => message.wants?.some(want => want.priority === 2_147_483_647)), `priority in ${protocol}`).to.be.true()
      expect(has(message => message.blocks), `blocks in ${protocol}`).to.be.true()
      expect(has(message => message.blocks?.some(block => block.prefix !== '00701220')), `prefixes in ${protocol}`).to.equal(can.prefixes)
      expect(has(message => message.wants?.some(want => want.wantType === 'have')), `want-have in ${protocol}`).to.equal(can.wantHave)
      expect(has(message => message.wants?.some(want => want.sendDontHave)), `sendDontHave in ${protocol}`).to.equal(can.wantHave)
      expect(has(message => message.presences?.some(presence => presence.have)), `HAVE in ${protocol}`).to.equal(can.presences)
      expect(has(message => message.presences?.some(presence => !presence.have)), `DONT_HAVE in ${protocol}`).to.equal(can.presences)
      expect(has(message => message.pendingBytes), `pendingBytes in ${protocol}`).to.equal(can.presences)
    }
  })
})

function describeOurs (message: DecodedMessage): MessageDescription {
  return compact({
    wants: message.wants.map(({ cid, priority, cancel, wantType, sendDontHave }) => describeWant(cid, priority, cancel, wantType, sendDontHave)),
    full: message.full,
    blocks: message.blocks.map(({ prefix, data }) => ({ prefix: hex(prefix), data: hex(data) })),
    presences: message.presences.map(({ cid, have }) => ({ cid: describeWant(cid, 0, false, 'have', false).cid, have })),
    pendingBytes: message.pendingBytes,
    skipped: message.skipped
  })
}

function roundTrip (message: Outgoing, protocol: BitswapProtocol): DecodedMessage {
  const decoder = frameDecoder()
  const frames = encodeFrame(message, protocol).flatMap(chunk => decoder.push(chunk))

  expect(frames).to.have.lengthOf(1)

  return decodeMessage(frames[0])
}
