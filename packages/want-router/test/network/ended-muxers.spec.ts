import { expect } from 'aegir/chai'
import { DEFAULT_NETWORK_LIMITS } from '../../src/network/defaults.ts'
import { settled } from './fakes.ts'
import { allNumbers, numbered } from './messages.ts'
import { createNetworkRig } from './network-rig.ts'
import type { FakeConnection } from './fakes.ts'
import type { NetworkRig } from './network-rig.ts'
import type { Connection } from '@libp2p/interface'

const { closeTimeout, greetAfter, idleTimeout, stallTimeout } = DEFAULT_NETWORK_LIMITS
const SECOND = 1_000

describe('network/ended-muxers', () => {
  let rig: NetworkRig
  let connection: FakeConnection

  beforeEach(async () => {
    rig = await createNetworkRig()
    connection = rig.host.connected(rig.ann)
  })

  /** Whether it has been ended. */
  function isEnded (): boolean {
    return connection.status === 'aborted' && rig.gone.includes(rig.ann.toString()) && rig.net.sizes.peers === 0
  }

  it('a connection whose muxer has ended is ended a second after a message could not be sent, and the peer has gone', async () => {
    connection.endMuxer()
    await rig.send(rig.ann, numbered(1))
    expect(connection.status).to.equal('open')
    await rig.clock.advance(closeTimeout)
    expect(isEnded()).to.equal(true)
    expect(rig.net.sizes.watched).to.equal(0)
  })

  it('so is one on which there is nothing to send: its peer is greeted', async () => {
    connection.endMuxer()
    await rig.clock.advance(greetAfter + closeTimeout + SECOND)
    expect(isEnded()).to.equal(true)
  })

  it('and one whose muxer ends in the middle of a message', async () => {
    connection.capacity = 100
    await rig.send(rig.ann, numbered(1, SECOND))
    connection.endMuxer()
    await rig.clock.advance(closeTimeout + SECOND)
    expect(isEnded()).to.equal(true)
  })

  it('and one whose ended muxer is noticed when it is asked for a sign of life', async () => {
    await rig.clock.advance(greetAfter + idleTimeout + SECOND)
    connection.endMuxer()
    rig.host.connected(rig.ann)
    await rig.clock.advance(closeTimeout + SECOND)
    expect(connection.status).to.equal('aborted')
    expect(rig.gone).to.deep.equal([])
  })

  it('messages are sent on another connection at once', async () => {
    const other = rig.host.connected(rig.ann)
    await settled()
    connection.endMuxer()
    other.endMuxer()
    await rig.send(rig.ann, numbered(1))
    const third = rig.host.connected(rig.ann)
    await settled()
    expect(allNumbers(third.last.left)).to.deep.equal([1])
    await rig.clock.advance(closeTimeout + SECOND)
    expect([connection.status, other.status, third.status]).to.deep.equal(['aborted', 'aborted', 'open'])
    expect(rig.gone).to.deep.equal([])
  })

  it('a member is dialled again without waiting for that', async () => {
    connection.endMuxer()
    rig.host.onDial = () => rig.host.connected(rig.ann)
    const connect = async (): Promise<unknown> => rig.net.connect(rig.ann, [], AbortSignal.timeout(SECOND))
    await expect(connect()).to.eventually.be.rejected.with.property('name', 'ConnectionClosedError')
    await expect(connect()).to.eventually.equal('/ipfs/bitswap/1.2.0')
    expect(rig.host.dialed).to.have.lengthOf(1)
  })

  it('one that is being closed is not aborted while its streams still send, but not for ever', async () => {
    const stream = rig.host.stream(connection)
    connection.closeMuxer()
    await rig.send(rig.ann, numbered(1))
    await rig.clock.advance(stallTimeout - SECOND)
    expect([connection.status, stream.status]).to.deep.equal(['open', 'open'])
    await rig.clock.advance(SECOND)
    expect(isEnded()).to.equal(true)
  })

  it('a stream that cannot be opened for another reason does not end the connection', async () => {
    connection.negotiate = async () => { throw new Error('reset') }
    await rig.send(rig.ann, numbered(1))
    await rig.clock.advance(2 * stallTimeout)
    expect((connection as Connection).status).to.equal('open')
  })
})
