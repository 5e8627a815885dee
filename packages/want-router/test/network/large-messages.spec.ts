import { expect } from 'aegir/chai'
import { randomPeer, settled } from './fakes.ts'
import { frame, numbered } from './messages.ts'
import { createNetworkRig } from './network-rig.ts'
import type { FakeConnection } from './fakes.ts'
import type { NetworkRig } from './network-rig.ts'

const LARGE = 5_000

describe('network/network: large messages of peers that have dialled', () => {
  let rig: NetworkRig
  let ann: FakeConnection
  let bob: FakeConnection
  let eve: FakeConnection

  beforeEach(async () => {
    rig = await createNetworkRig()
    ann = rig.host.connected(rig.ann)
    bob = rig.host.connected(rig.bob)
    eve = rig.host.connected(await randomPeer())
  })

  afterEach(async () => {
    await rig.net.stop()
  })

  const heard = (): number[] => rig.heard.flatMap(([, numbers]) => numbers)

  it('are handled one in each pass of the event loop, the others later', async () => {
    const stream = rig.host.stream(bob)
    rig.host.stream(ann).receive(frame(numbered(1, LARGE)))
    stream.receive(frame(numbered(2, LARGE)))
    rig.host.stream(eve).receive(frame(numbered(3, LARGE)))
    expect(heard()).to.deep.equal([1])
    expect(stream.readStatus).to.equal('paused')

    await settled()
    expect(heard()).to.deep.equal([1, 2, 3])
    expect(stream.readStatus).to.equal('readable')

    rig.host.stream(eve).receive(frame(numbered(4, LARGE)))
    expect(heard()).to.deep.equal([1, 2, 3, 4])
  })

  it('do not hold up short ones of other peers', () => {
    rig.host.stream(ann).receive(frame(numbered(1, LARGE)))
    rig.host.stream(bob).receive(frame(numbered(2, LARGE)))
    rig.host.stream(eve).receive(frame(numbered(3)))
    expect(heard()).to.deep.equal([1, 3])
  })

  it('are handled before later messages of the same peer, also on another stream', async () => {
    rig.host.stream(ann).receive(frame(numbered(1, LARGE)))
    rig.host.stream(bob).receive([...frame(numbered(2)), ...frame(numbered(3, LARGE)), ...frame(numbered(4))])
    rig.host.stream(bob).receive(frame(numbered(5)))
    expect(heard()).to.deep.equal([1, 2])

    for (let passes = 0; passes < 2; passes++) {
      await settled()
    }

    expect(heard()).to.deep.equal([1, 2, 3, 4, 5])
  })

  it('are forgotten when their peer has gone before they are handled', async () => {
    rig.host.stream(ann).receive(frame(numbered(1, LARGE)))
    rig.host.stream(bob).receive(frame(numbered(2, LARGE)))
    await rig.net.disconnect(rig.bob.toString())
    await settled()
    expect(heard()).to.deep.equal([1])
  })

  it('do not wait if this host has dialled the peer', () => {
    bob.direction = 'outbound'
    rig.host.stream(ann).receive(frame(numbered(1, LARGE)))
    rig.host.stream(eve).receive(frame(numbered(2, LARGE)))
    rig.host.stream(bob).receive(frame(numbered(3, LARGE)))
    expect(heard()).to.deep.equal([1, 3])
  })
})
