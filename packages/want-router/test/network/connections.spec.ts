import { StreamAbortEvent, StreamCloseEvent, StreamResetEvent } from '@libp2p/interface'
import { defaultLogger } from '@libp2p/logger'
import { expect } from 'aegir/chai'
import { createConnections } from '../../src/network/connections.ts'
import { DEFAULT_NETWORK_LIMITS } from '../../src/network/defaults.ts'
import { FakeConnection, randomPeer, settled } from './fakes.ts'
import type { Connections, ConnectionState } from '../../src/network/connections.ts'
import type { Connection, PeerId } from '@libp2p/interface'

/** A connection that records requests for signs of life, and answers when the test says so. */
class Silent extends FakeConnection {
  answers: Array<() => void> = []
  negotiate = async (): Promise<void> => new Promise(resolve => { this.answers.push(resolve) })

  async answer (): Promise<void> {
    this.answers.shift()?.()
    await settled()
  }
}

describe('network/connections', () => {
  let peer: PeerId
  let now: number
  let writing: FakeConnection | undefined
  let stuck: number
  let states: Array<[id: number, is: ConnectionState]>
  let changes: number
  let all: Connections
  let [first, second]: Silent[] = []

  before(async () => {
    peer = await randomPeer()
  })

  beforeEach(() => {
    now = 1_000
    stuck = 0
    changes = 0
    states = []
    first = new Silent(peer)
    second = new Silent(peer)
    all = createConnections({
      limits: DEFAULT_NETWORK_LIMITS,
      log: defaultLogger().forComponent('test'),
      now: () => now,
      writtenOn: () => writing as Connection | undefined,
      stuck: connection => connection === first as unknown ? stuck : 0,
      state: (id, is) => { states.push([id, is]) },
      ending () {},
      changed: () => { changes++ }
    })
    open(first, 1)
    writing = first
  })

  function open (connection: FakeConnection, id: number): void {
    all.opened(connection as Connection, id)
  }

  function heard (connection: FakeConnection, asks = true): void {
    all.heard(connection as Connection, asks)
  }

  /** As libp2p ends one. */
  function end (connection: FakeConnection, status: 'closed' | 'reset' | 'aborted', event: StreamCloseEvent): void {
    connection.status = status
    all.closed(connection as Connection, event)
  }

  /** Which one is written to. */
  function writtenTo (): FakeConnection {
    return all.usable()[0] as unknown as FakeConnection
  }

  function pass (ms: number): void {
    for (const until = now + ms; now < until;) {
      now += 250
      all.tick(now)
    }
  }

  /** The peer opens a new connection, some time after the last sign of life on the old one. */
  function comeBack (): void {
    pass(10_000)
    open(second, 2)
  }

  it('need no sign of life and no timer if the peer has only one', () => {
    expect(all.undecided).to.equal(false)
    expect(all.tick(now)).to.equal(false)
    expect(first.asked).to.equal(0)
    expect(writtenTo()).to.equal(first)
  })

  describe('when the peer opens another', () => {
    it('the old one is asked for a sign of life, and nothing is written meanwhile', () => {
      comeBack()
      expect(first.asked).to.equal(1)
      expect(second.asked).to.equal(0)
      expect(all.undecided).to.equal(true)
    })

    it('and the old one is alive, the old one is still written to', async () => {
      comeBack()
      await first.answer()
      expect(all.undecided).to.equal(false)
      expect(writtenTo()).to.equal(first)
      heard(first)
      pass(5_000)
      expect(writtenTo()).to.equal(first)
      expect(states).to.deep.equal([])
    })

    it('and the old one is alive, but the peer sends nothing on it, the new one is written to after a second', async () => {
      comeBack()
      await first.answer()
      pass(750)
      expect(writtenTo()).to.equal(first)
      pass(250)
      expect(writtenTo()).to.equal(second)
    })

    it('and the old one is silent, the new one is written to after a second', () => {
      comeBack()
      pass(750)
      expect(writtenTo()).to.equal(first)
      pass(250)
      expect(all.undecided).to.equal(false)
      expect(writtenTo()).to.equal(second)
      expect(states).to.deep.equal([], 'the peer has asked for nothing else, so what it wants is what it wanted')
    })

    it('and asks on it, the old one is silent once it is given up', () => {
      comeBack()
      heard(second)
      expect(states).to.deep.equal([])
      pass(1_000)
      expect(states).to.deep.equal([[1, 'silent']])
      expect(writtenTo()).to.equal(second)
    })

    it('and asks on it, that is at once if nothing leaves on the old one', () => {
      stuck = 3_000
      comeBack()
      heard(second)
      expect(all.undecided).to.equal(false)
      expect(states).to.deep.equal([[1, 'silent']])
      expect(writtenTo()).to.equal(second)
    })

    it('and sends something other than a want, the old one is not silent', () => {
      comeBack()
      heard(second, false)
      pass(5_000)
      expect(states).to.deep.equal([])
    })

    it('and nothing is being written, the new one is the first', () => {
      writing = undefined
      comeBack()
      expect(writtenTo()).to.equal(second)
    })

    it('but one that is limited, nothing changes', () => {
      second.limits = { bytes: 1n }
      comeBack()
      expect(all.undecided).to.equal(false)
      expect(first.asked).to.equal(0)
      pass(5_000)
      expect(all.usable()).to.deep.equal([first])
    })

    it('an answer to an earlier request proves nothing', async () => {
      comeBack()
      const third = new Silent(peer)
      now += 100
      open(third, 3)
      await first.answer()
      expect(all.undecided).to.equal(true)
      expect(first.asked).to.equal(2)
      await first.answer()
      await second.answer()
      expect(all.undecided).to.equal(false)
    })

    it('an answer without bitswap is a sign of life, too', async () => {
      first.protocols = []
      comeBack()
      await first.answer()
      expect(all.undecided).to.equal(false)
    })
  })

  describe('one that was silent', () => {
    beforeEach(() => {
      comeBack()
      heard(second)
      pass(1_000)
      states = []
    })

    it('is heard again by its answer, however late', async () => {
      pass(20_000)
      await first.answer()
      expect(states).to.deep.equal([[1, 'heard']])
    })

    it('is heard again by a message', () => {
      heard(first)
      expect(states).to.deep.equal([[1, 'heard']])
    })

    it('is lost when it is given up here', () => {
      end(first, 'aborted', new StreamAbortEvent(new Error('ping timed out')))
      expect(states).to.deep.equal([[1, 'lost']])
      expect(all.isLost(first as Connection)).to.equal(true)
    })

    it('is heard when the peer closes or resets it, since the peer knows what it wanted there', () => {
      end(first, 'aborted', new StreamAbortEvent(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' })))
      expect(states).to.deep.equal([[1, 'heard']])
      expect(all.isLost(first as Connection)).to.equal(false)
    })

    it('is heard again when the peer closes the other', () => {
      end(second, 'closed', new StreamCloseEvent())
      expect(states).to.deep.equal([[1, 'heard']])
      expect(writtenTo()).to.equal(first)
    })

    it('is given up in the end', () => {
      first.abort = err => { end(first, 'aborted', new StreamAbortEvent(err)) }
      pass(125_000)
      expect(states).to.deep.equal([[1, 'lost']])
      expect(all.tick(now)).to.equal(false)
    })
  })

  it('keep all wants if one is given up that was alive since the other opened', async () => {
    comeBack()
    await first.answer()
    heard(second)
    pass(30_000)
    end(first, 'aborted', new StreamAbortEvent(new Error('ping timed out')))
    expect(states).to.deep.equal([])
    expect(all.isLost(first as Connection)).to.equal(false)
  })

  it('keep all wants if the peer closes or resets one', () => {
    comeBack()
    end(first, 'reset', new StreamResetEvent(new Error('reset')))
    expect(states).to.deep.equal([])
    expect(writtenTo()).to.equal(second)
  })

  describe('a peer that sends on another connection', () => {
    beforeEach(async () => {
      comeBack()
      await first.answer()
      heard(first)
      pass(5_000)
      changes = 0
    })

    it('gets its answers there', () => {
      heard(second)
      expect(writtenTo()).to.equal(second)
      expect(changes).to.equal(1)
    })

    it('does not have its answers move back and forth', () => {
      for (let i = 0; i < 100; i++) {
        heard(second)
        heard(first)
        pass(250)
      }

      expect(changes).to.be.at.most(1)
    })
  })
})
