import { expect } from 'aegir/chai'
import { createUnsent, STUCK_AFTER } from '../../src/blocks/unsent.ts'
import type { ConnectionReplies, Unsent } from '../../src/blocks/unsent.ts'

interface Client {
  bytes: number
  taken: number
  readonly replies: ConnectionReplies
}

describe('createUnsent', () => {
  let now: number
  let unsent: Unsent
  let clients: Client[]

  beforeEach(() => {
    now = 0
    unsent = createUnsent({ max: 100, now: () => now })
    clients = []
  })

  const connect = (bytes: number): Client => {
    const client: Client = {
      bytes,
      taken: 0,
      replies: unsent.add({
        get bytes () { return client.bytes },
        sent: () => client.taken
      })
    }
    clients.push(client)

    return client
  }

  /** Lets a second pass, and returns the clients that are stuck. */
  const pass = (): Client[] => {
    now += 1000

    return clients.filter(({ replies }) => replies.isStuck())
  }

  /** After how many seconds some client is stuck, and which; at most 60. */
  const firstStuck = (each: () => void = () => {}): { readonly seconds: number, readonly stuck: Client[] } => {
    for (let seconds = 1; seconds <= 60; seconds++) {
      each()
      const stuck = pass()

      if (stuck.length > 0) {
        return { seconds, stuck }
      }
    }

    return { seconds: Infinity, stuck: [] }
  }

  it('adds up what clients have not taken, until their connections end', () => {
    const first = connect(30)
    connect(20)
    expect(unsent.bytes).to.equal(50)
    first.bytes = 40
    expect(unsent.bytes).to.equal(60)
    first.replies.remove()
    expect(unsent.bytes).to.equal(20)
  })

  it('finds clients stuck that take nothing for ten seconds while the sum is above its limit', () => {
    const mute = connect(90)
    const slow = connect(20)
    connect(0)
    const { seconds, stuck } = firstStuck(() => { slow.taken++ })

    expect(stuck).to.deep.equal([mute])
    expect(seconds * 1000).to.be.within(STUCK_AFTER, STUCK_AFTER + 1000)
  })

  it('keeps clients that take nothing while there is memory for others', () => {
    connect(100)
    expect(firstStuck().stuck).to.deep.equal([])
  })

  it('begins anew when there was memory meanwhile', () => {
    const mute = connect(90)
    const other = connect(20)
    let passed = 0
    const { seconds, stuck } = firstStuck(() => {
      other.taken++
      other.bytes = ++passed === 8 ? 0 : 20
    })

    expect(stuck).to.deep.equal([mute])
    expect(seconds).to.be.within(18, 20)
  })

  it('does not count a connection whose request the runtime has ended without notice', () => {
    const lost = connect(90)
    clients = []
    connect(20)
    expect(unsent.bytes).to.equal(110)

    for (let i = 0; i < 6; i++) {
      pass()
    }

    expect(unsent.bytes).to.equal(20)
    lost.replies.isStuck()
    expect(unsent.bytes, 'it was only late').to.equal(110)
  })
})
