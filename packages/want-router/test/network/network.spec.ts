import { BITSWAP_PROTOCOLS } from '@kitsune/bitswap-codec'
import { expect } from 'aegir/chai'
import { allNumbers, frame, numbered } from './messages.ts'
import { createNetworkRig } from './network-rig.ts'
import type { NetworkRig } from './network-rig.ts'

describe('network/network', () => {
  let rig: NetworkRig

  beforeEach(async () => {
    rig = await createNetworkRig()
  })

  describe('start and stop', () => {
    it('registers all versions, and nothing is left of them afterwards', async () => {
      expect([...rig.host.handlers.keys()]).to.have.members([...BITSWAP_PROTOCOLS])
      await rig.net.stop()
      expect([...rig.host.handlers.keys()]).to.deep.equal([])
      expect(rig.host.events.listenerCount('connection:open')).to.equal(0)
      expect(rig.host.events.listenerCount('connection:close')).to.equal(0)
    })

    it('fails, and unregisters all versions, if another service has registered one', async () => {
      await rig.net.stop()
      rig.host.handlers.set('/ipfs/bitswap/1.0.0', () => {})
      await expect(rig.net.start()).to.eventually.be.rejectedWith('is taken')
      expect([...rig.host.handlers.keys()]).to.deep.equal(['/ipfs/bitswap/1.0.0'])
    })

    it('knows the peers that had been connected before', async () => {
      await rig.net.stop()
      const connection = rig.host.connected(rig.ann)
      await rig.net.start()
      await rig.send(rig.ann, numbered(1))
      expect(allNumbers(connection.last.left)).to.deep.equal([1])
    })

    it('can be started again', async () => {
      await rig.net.stop()
      await rig.net.start()
      const connection = rig.host.connected(rig.ann)
      rig.host.stream(connection).receive(frame(numbered(1)))
      expect(rig.heard).to.have.lengthOf(1)
    })

    it('ends all streams when it stops, and makes no more calls', async () => {
      const connection = rig.host.connected(rig.ann)
      const inbound = rig.host.stream(connection)
      await rig.send(rig.ann, numbered(1))
      const outbound = connection.last
      await rig.net.stop()
      expect(inbound.resetSent).to.equal(true)
      expect(outbound.closeSent).to.equal(true)
      expect(outbound.resetSent).to.equal(false, 'what was sent must arrive')
      expect(rig.clock.timers).to.equal(0)
      connection.end()
      await rig.clock.advance(60_000)
      expect(rig.gone).to.deep.equal([])
      expect(rig.net.sizes).to.deep.equal({ peers: 0, watched: 0 })
    })
  })

  describe('disconnect', () => {
    it('ends streams and connections; the peer is gone', async () => {
      const connections = [rig.host.connected(rig.ann), rig.host.connected(rig.ann)]
      const stream = rig.host.stream(connections[0])
      await rig.net.disconnect(rig.ann.toString())
      expect(connections.map(({ status }) => status)).to.deep.equal(['closed', 'closed'])
      expect(stream.resetSent).to.equal(true)
      expect(rig.gone).to.deep.equal([rig.ann.toString()])
    })

    it('does not call back before it returns, even from within a message', () => {
      rig.onMessage = peer => {
        void rig.net.disconnect(peer)
        expect(rig.gone).to.deep.equal([])

        return undefined
      }

      rig.host.stream(rig.host.connected(rig.ann)).receive([...frame(numbered(1)), ...frame(numbered(2))])
      expect(rig.heard).to.have.lengthOf(1)
    })

    it('takes no more streams on a connection that is slow to close', async () => {
      const connection = rig.host.connected(rig.ann)
      connection.close = async () => {}
      await rig.net.disconnect(rig.ann.toString())
      expect(rig.host.stream(connection).resetSent).to.equal(true)
      expect(rig.net.sizes.peers).to.equal(0)
      connection.end()
      expect(rig.gone).to.have.lengthOf(1)
    })

    it('keeps nothing of the peer, though its streams break while its connection is being closed', async () => {
      const connection = rig.host.connected(rig.ann)
      const stream = rig.host.stream(connection)
      connection.close = async () => {}
      await rig.net.disconnect(rig.ann.toString())
      expect(stream.resetSent).to.equal(true)
      expect(rig.net.sizes).to.deep.equal({ peers: 0, watched: 0 })
    })

    it('aborts a connection that cannot be closed', async () => {
      const connection = rig.host.connected(rig.ann)
      connection.close = async () => { throw new Error('no') }
      await rig.net.disconnect(rig.ann.toString())
      expect(connection.status).to.equal('aborted')
    })

    it('leaves peers alone that are not connected', async () => {
      await rig.net.disconnect(rig.ann.toString())
      expect(rig.gone).to.deep.equal([])
    })

    it('does not keep the peer from coming again', async () => {
      rig.host.connected(rig.ann)
      await rig.net.disconnect(rig.ann.toString())
      rig.host.stream(rig.host.connected(rig.ann)).receive(frame(numbered(1)))
      expect(rig.heard).to.have.lengthOf(1)
    })
  })

  describe('flushed', () => {
    it('resolves at once when nothing has to be sent', async () => {
      rig.host.connected(rig.ann)
      expect(await rig.net.flushed()).to.equal(true)
    })

    it('waits for what peers have not read', async () => {
      const connection = rig.host.connected(rig.ann)
      await rig.send(rig.ann, numbered(1))
      connection.last.capacity = 0
      await rig.send(rig.ann, numbered(2), numbered(3))
      let flushed = false
      const waiting = rig.net.flushed().then(value => { flushed = value })
      await rig.clock.advance(1_000)
      expect(flushed).to.equal(false)
      await connection.last.drain(Infinity)
      await waiting
      expect(flushed).to.equal(true)
    })

    it('notices what has left without an event', async () => {
      const connection = rig.host.connected(rig.ann)
      connection.capacity = 0
      await rig.send(rig.ann, numbered(1))
      const waiting = rig.net.flushed()
      connection.last.leaveSilently()
      await rig.clock.advance(250)
      expect(await waiting).to.equal(true)
    })

    it('waits for a stream that cannot be opened yet', async () => {
      const connection = rig.host.connected(rig.ann)
      connection.negotiate = async () => { throw new Error('no') }
      await rig.send(rig.ann, numbered(1))
      const waiting = rig.net.flushed()
      connection.negotiate = async () => {}
      await rig.clock.advance(500)
      expect(await waiting).to.equal(true)
      expect(allNumbers(connection.last.left)).to.deep.equal([1])
    })

    it('does not wait for a peer that is gone', async () => {
      const connection = rig.host.connected(rig.ann)
      connection.capacity = 0
      await rig.send(rig.ann, numbered(1))
      const waiting = rig.net.flushed()
      connection.end()
      expect(await waiting).to.equal(true)
    })

    it('ends with its signal', async () => {
      const connection = rig.host.connected(rig.ann)
      connection.capacity = 0
      await rig.send(rig.ann, numbered(1))
      const controller = new AbortController()
      const waiting = rig.net.flushed(controller.signal)
      controller.abort()
      expect(await waiting).to.equal(false)
      expect(await rig.net.flushed(controller.signal)).to.equal(false)
    })
  })

  it('counts', async () => {
    const connection = rig.host.connected(rig.ann)
    rig.host.stream(connection).receive(frame(numbered(1)))
    await rig.send(rig.ann, numbered(2))
    const length = frame(numbered(1)).length
    expect(rig.net.stats).to.deep.equal({
      streamsOpened: 1,
      streamsReceived: 1,
      openFailures: 0,
      framesIn: 1,
      bytesIn: length - 1,
      framesOut: 1,
      bytesOut: length,
      badFrames: 0,
      framesDropped: 0,
      shed: 0,
      resends: 0,
      stalled: 0
    })
  })
})
