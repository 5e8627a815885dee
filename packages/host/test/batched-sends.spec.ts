import { expect } from 'aegir/chai'
import { batchSends } from '../src/batched-sends.ts'
import type { MessageStream } from '@libp2p/interface'
import type { Uint8ArrayList } from 'uint8arraylist'

interface Fake {
  stream: MessageStream
  sent: number[][]
  aborted: Error[]
  state: { status: string, writableNeedsDrain: boolean, throws?: Error }
  closed: number
}

/** The parts of a stream that batching uses. */
function fake (): Fake {
  const state: Fake['state'] = { status: 'open', writableNeedsDrain: false }
  const fake: Fake = {
    sent: [],
    aborted: [],
    state,
    closed: 0,
    stream: {
      get status () { return state.status },
      get writableNeedsDrain () { return state.writableNeedsDrain },
      send (data: Uint8Array | Uint8ArrayList) {
        if (state.throws != null) {
          throw state.throws
        }

        fake.sent.push([...data.subarray()])

        return !state.writableNeedsDrain
      },
      abort (err: Error) { fake.aborted.push(err) },
      async close () { fake.closed++ }
    } as unknown as MessageStream
  }

  return fake
}

async function endOfTick (): Promise<void> {
  await new Promise(resolve => { setImmediate(resolve) })
}

describe('batched sends', () => {
  it('everything sent in a tick leaves at its end, in order and in one send', async () => {
    const connection = fake()
    batchSends(connection.stream, fake().stream)
    expect(connection.stream.send(Uint8Array.of(1))).to.be.true()
    expect(connection.stream.send(Uint8Array.of(2, 3))).to.be.true()
    expect(connection.sent).to.be.empty()
    await endOfTick()
    expect(connection.sent).to.deep.equal([[1, 2, 3]])
    connection.stream.send(Uint8Array.of(4))
    await endOfTick()
    expect(connection.sent).to.deep.equal([[1, 2, 3], [4]])
  })

  it('much data is sent without waiting, and the result says whether more may follow', () => {
    const connection = fake()
    batchSends(connection.stream, fake().stream)
    connection.state.writableNeedsDrain = true
    expect(connection.stream.send(new Uint8Array(256 << 10))).to.be.false()
    expect(connection.sent).to.have.length(1)
  })

  it('reports that it is full while the connection is full', () => {
    const connection = fake()
    batchSends(connection.stream, fake().stream)
    connection.state.writableNeedsDrain = true
    expect(connection.stream.send(Uint8Array.of(1))).to.be.false()
  })

  it('loses nothing when the transport is closed in the same tick', async () => {
    const connection = fake()
    const transport = fake()
    batchSends(connection.stream, transport.stream)
    connection.stream.send(Uint8Array.of(1))
    await transport.stream.close()
    expect(connection.sent).to.deep.equal([[1]])
    expect(transport.closed).to.equal(1)
  })

  it('sends nothing over a connection that has been aborted in the meantime', async () => {
    const connection = fake()
    batchSends(connection.stream, fake().stream)
    connection.stream.send(Uint8Array.of(1))
    connection.state.status = 'aborted'
    await endOfTick()
    expect(connection.sent).to.be.empty()
  })

  it('drops what is sent over a connection that has ended, and throws nothing, since it may be called by a listener', () => {
    const connection = fake()
    batchSends(connection.stream, fake().stream)
    connection.state.throws = new Error('broken')
    expect(connection.stream.send(new Uint8Array(256 << 10)), 'its transport has ended').to.be.false()
    expect(connection.aborted).to.deep.equal([connection.state.throws])
    connection.state.status = 'aborted'
    expect(connection.stream.send(Uint8Array.of(1))).to.be.false()
  })

  it('a failed write aborts only its connection', async () => {
    const connection = fake()
    const other = fake()
    batchSends(connection.stream, fake().stream)
    batchSends(other.stream, fake().stream)
    connection.state.throws = new Error('broken')
    connection.stream.send(Uint8Array.of(1))
    other.stream.send(Uint8Array.of(2))
    await endOfTick()
    expect(connection.aborted).to.deep.equal([connection.state.throws])
    expect(other.sent).to.deep.equal([[2]])
  })
})
