import { EventEmitter } from 'node:events'
import { expect } from 'aegir/chai'
import { createUnfinishedCheck } from '../../src/node/unfinished-messages.ts'
import { refuseToWarn } from '../support/hosts.ts'
import type { ReceivingSocket } from '../../src/node/unfinished-messages.ts'

const LIMITS = { timeout: 30_000, total: 100_000, warnMissing: refuseToWarn }

/** A socket whose receiver a test controls. */
class FakeSocket extends EventEmitter implements ReceivingSocket {
  terminated = false
  _receiver = { _bufferedBytes: 0, _buffers: [] as unknown[], _messageLength: 0, _fragments: [] as unknown[] }

  holds (bytes: number, pieces = 1): this {
    this._receiver = { _bufferedBytes: bytes, _buffers: Array.from({ length: bytes === 0 ? 0 : pieces }), _messageLength: 0, _fragments: [] }

    return this
  }

  terminate (): void {
    this.terminated = true
  }
}

describe('unfinished WebSocket messages', () => {
  let time = 0
  const now = (): number => time

  beforeEach(() => {
    time = 0
  })

  it('end their socket after the timeout, and not before', () => {
    const socket = new FakeSocket()
    const check = createUnfinishedCheck([socket], LIMITS, now)
    check()
    socket.holds(10)

    time = 29_000
    check()
    expect(socket.terminated).to.be.false()

    time = 30_000
    check()
    expect(socket.terminated).to.be.true()
  })

  it('do not end a socket that completes one message after another, even if one is always unfinished', () => {
    const socket = new FakeSocket().holds(10)
    const check = createUnfinishedCheck([socket], LIMITS, now)

    for (; time < 120_000; time += 20_000) {
      check()
      socket.emit('message')
    }

    expect(socket.terminated).to.be.false()
  })

  it('do not end an idle socket', () => {
    const socket = new FakeSocket()
    const check = createUnfinishedCheck([socket], LIMITS, now)

    for (; time < 120_000; time += 20_000) {
      check()
    }

    expect(socket.terminated).to.be.false()
  })

  it('end the sockets that hold most if all together hold too much, including the cost of pieces', () => {
    const sockets = [new FakeSocket().holds(60_000), new FakeSocket().holds(200, 100), new FakeSocket().holds(20_000)]
    createUnfinishedCheck(sockets, LIMITS, now)()

    expect(sockets.map(({ terminated }) => terminated)).to.deep.equal([true, false, false])
  })
})
