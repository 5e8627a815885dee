import { expect } from 'aegir/chai'
import { unmask, unmaskByWords } from '../../src/node/unmasking.ts'
import { refuseToWarn } from '../support/hosts.ts'

const MASK = Uint8Array.of(0x01, 0x80, 0xff, 0x3c)
/** States of a receiver of the ws package. */
const [GET_MASK, GET_DATA] = [3, 4]

describe('the data of WebSocket clients', () => {
  it('is unmasked, wherever it begins and however long it is', () => {
    for (let offset = 0; offset < 8; offset++) {
      for (let length = 0; length < 40; length++) {
        const around = Uint8Array.from({ length: 64 }, (_, i) => 7 * i)
        const bytes = around.subarray(offset, offset + length)
        const expected = around.map((byte, i) => i < offset || i >= offset + length ? byte : byte ^ MASK[(i - offset) % 4])
        unmask(bytes, MASK)
        expect(around, `${length} bytes at ${offset}`).to.deep.equal(expected)
      }
    }
  })

  it('is unmasked once, and only the payload of frames', () => {
    const receiver = {
      _state: GET_MASK,
      _mask: MASK,
      consume: (length: number) => new Uint8Array(length)
    }
    unmaskByWords({ _receiver: receiver }, refuseToWarn)
    expect(receiver.consume(4)).to.deep.equal(new Uint8Array(4))
    expect(receiver._mask).to.equal(MASK)

    receiver._state = GET_DATA
    expect(receiver.consume(4)).to.deep.equal(MASK)
    expect(receiver._mask).to.deep.equal(new Uint8Array(4))
  })

  it('is left to the ws package if its internal fields are different', () => {
    const missing: string[] = []
    const consume = (length: number): Uint8Array => new Uint8Array(length)
    const receivers = [undefined, null, { _state: 4 }, { consume }]

    for (const _receiver of receivers) {
      unmaskByWords({ _receiver }, name => { missing.push(name) })
    }

    expect(missing).to.deep.equal(['ws', 'ws', 'ws', 'ws'])
    expect(receivers[3]).to.have.property('consume', consume)
  })
})
