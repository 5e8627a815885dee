import { expect } from 'aegir/chai'
import { settled } from './fakes.ts'
import { frame, numbered } from './messages.ts'
import { createNetworkRig } from './network-rig.ts'
import type { FakeConnection, FakeStream } from './fakes.ts'
import type { NetworkRig } from './network-rig.ts'
import type { PeerId } from '@libp2p/interface'

const ITEMS = 2

describe('network/network: the share of a peer of one pass of the event loop', () => {
  let rig: NetworkRig
  let ann: FakeConnection

  beforeEach(async () => {
    rig = await createNetworkRig()
    await rig.restart({ itemsPerPass: ITEMS })
    ann = rig.host.connected(rig.ann)
  })

  afterEach(async () => {
    await rig.net.stop()
  })

  const heard = (from: PeerId = rig.ann): number[] => rig.heard.flatMap(([peer, numbers]) => peer === from.toString() ? numbers : [])

  /** One message on each of so many streams, numbered from 1. */
  const one = (count: number, stream: (index: number) => FakeStream): void => {
    for (let i = 0; i < count; i++) {
      stream(i).receive(frame(numbered(i + 1)))
    }
  }

  it('is the same for one that opens a stream for each message, and what is left comes in order', async () => {
    one(5, () => rig.host.stream(ann))
    expect(heard()).to.deep.equal([1, 2])
    await settled()
    expect(heard()).to.deep.equal([1, 2, 3, 4])
    await settled()
    expect(heard()).to.deep.equal([1, 2, 3, 4, 5])
  })

  it('is the same for one that has several connections', async () => {
    const connections = [ann, rig.host.connected(rig.ann), rig.host.connected(rig.ann)]
    one(3, i => rig.host.stream(connections[i]))
    expect(heard()).to.deep.equal([1, 2])
    await settled()
    expect(heard()).to.deep.equal([1, 2, 3])
  })

  it('is used by all streams on which something waits, in turn', async () => {
    const streams = [rig.host.stream(ann), rig.host.stream(ann)]
    streams[0].receive([1, 2, 3, 4, 5, 6].flatMap(number => [...frame(numbered(number))]))
    streams[1].receive(frame(numbered(7)))
    expect(heard()).to.deep.equal([1, 2])

    for (let passes = 0; passes < 3; passes++) {
      await settled()
    }

    expect(heard()).to.deep.equal([1, 2, 3, 4, 7, 5, 6])
  })

  it('does not reduce the share of another peer', () => {
    const bob = rig.host.connected(rig.bob)
    one(5, () => rig.host.stream(ann))
    one(2, () => rig.host.stream(bob))
    expect(heard(rig.bob)).to.deep.equal([1, 2])
  })
})
