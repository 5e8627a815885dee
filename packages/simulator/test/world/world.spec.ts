import { rendezvous } from '@kitsune/want-router'
import { expect } from 'aegir/chai'
import { contentBlock, contentBlockKey, contentCid, contentKey } from '../../src/world/content.ts'
import { connectReader } from '../../src/world/reader.ts'
import { createWorld } from '../../src/world/world.ts'
import type { WorldMember } from '../../src/world/world.ts'
import type { WantEntry } from '@kitsune/bitswap-codec'
import type { Sink, TargetWant } from '@kitsune/want-router'

const want = (n: number): WantEntry => ({ cid: contentCid(n), wantType: 'block', priority: 1, cancel: false, sendDontHave: true })

/** Answers each want as the test says, after 10 ms. */
function member (id: string, answer: (sink: Sink, want: TargetWant) => void): WorldMember {
  return {
    id,
    create ({ clock }) {
      let sink: Sink

      return {
        start (s) {
          sink = s
          clock.endOfTick(() => { sink.up() })
        },
        stop () {},
        cancel () {},
        ask (wants) {
          clock.after(10, () => {
            for (const want of wants) {
              answer(sink, want)
            }
          })
        }
      }
    }
  }
}

const honest = (size: number): Parameters<typeof member>[1] => (sink, { cid, key }) => { void sink.block(cid, contentBlock(key, size)) }
const liar: Parameters<typeof member>[1] = (sink, { cid }) => { void sink.block(cid, contentBlock(contentKey(99), 10)) }

interface Heard { at: number, key: string | undefined }

function run (members: WorldMember[], init: { bytesPerSecond?: number } = {}): Heard[] {
  const world = createWorld({ seed: 1, strategy: rendezvous(), members })
  const heard: Heard[] = []
  const peer = connectReader(world, 'p', {
    ...init,
    received ({ blocks = [] }) {
      heard.push(...blocks.map(({ data }) => ({ at: world.clock.now(), key: contentBlockKey(data) })))
    }
  })
  world.run(100)
  peer.send([want(1), want(2)])
  world.run(60_000)

  return heard
}

describe('world', () => {
  it('carries a want to a member and its block back', () => {
    expect(run([member('a', honest(100))])).to.deep.equal([
      { at: 110, key: contentKey(1) },
      { at: 110, key: contentKey(2) }
    ])
  })

  it('has blocks that hash to something else', () => {
    expect(run([member('a', liar)])).to.deep.equal([])
  })

  it('repeats itself', () => {
    const members = (): WorldMember[] => [member('a', liar), member('b', honest(5)), member('c', liar)]
    const first = run(members())
    expect(first).to.have.length(2)
    expect(run(members())).to.deep.equal(first)
  })

  it('lets a client read as slowly as it likes', () => {
    // two blocks of 1 MiB at 1 MiB/s; each travels alone, as a message holds no more
    expect(run([member('a', honest(1 << 20))], { bytesPerSecond: 1 << 20 }).map(({ at }) => at)).to.deep.equal([1110, 2110])
  })

  it('gives each name its own random source', () => {
    const world = (): ReturnType<typeof createWorld> => createWorld({ seed: 7, strategy: rendezvous(), members: [member('a', honest(1))] })
    expect(world().random('x')()).to.equal(world().random('x')())
    expect(world().random('x')()).to.not.equal(world().random('y')())
  })

  it('keeps nothing of a client that has left', () => {
    const world = createWorld({ seed: 1, strategy: rendezvous(), members: [member('a', () => {})] })
    const peer = world.connect('p', { wake () {} })
    peer.send([want(1)])
    world.run(1000)
    expect(world.engine.status().clients).to.equal(1)
    peer.leave()
    peer.send([want(2)])
    world.run(2000)
    expect(peer.connected).to.equal(false)
    expect(world.engine.status()).to.deep.include({ clients: 0, wants: 0 })
  })

  it('tells a client that the router closed it', () => {
    const world = createWorld({ seed: 1, strategy: rendezvous(), members: [member('a', () => {})] })
    let closed = 0
    world.engine.put({ t: 'drain' })
    const peer = world.connect('p', { wake () {}, closed () { closed++ } })
    peer.send([want(1)])
    world.run(1000)
    expect(closed).to.equal(1)
    expect(peer.connected).to.equal(false)
  })
})
