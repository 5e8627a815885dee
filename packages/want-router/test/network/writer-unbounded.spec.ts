import { expect } from 'aegir/chai'
import { allNumbers, numbered } from './messages.ts'
import { createWriterRig } from './writer-rig.ts'
import type { FakeStream } from './fakes.ts'
import type { WriterRig } from './writer-rig.ts'

const KIB = 1024
const MIB = 1024 * KIB
const BLOCK = 256 * KIB

describe('network/writer: to a peer whose muxer has no flow control', () => {
  let rig: WriterRig

  beforeEach(async () => {
    rig = await createWriterRig()
    rig.connection.multiplexer = '/mplex/6.7.0'
  })

  const sendBlocks = async (count: number): Promise<void> => {
    await rig.send(...Array.from({ length: count }, (_, i) => numbered(i, BLOCK)))
  }

  const blocksOf = (stream: FakeStream): number => allNumbers(stream.left).length

  const distinct = (): number[] => [...new Set(rig.connection.streams.flatMap(({ left }) => allNumbers(left)))]

  /** The peer has read a stream to its end. */
  const readToEnd = async (stream: FakeStream): Promise<void> => {
    stream.onRemoteCloseWrite()
    await rig.clock.advance(0)
  }

  it('begins another stream before the peer holds more than 4 MiB of one', async () => {
    await sendBlocks(15)
    expect(rig.connection.streams.map(blocksOf)).to.deep.equal([8, 7])
    expect(rig.connection.streams.map(({ closeSent }) => closeSent)).to.deep.equal([true, false])
  })

  it('leaves no more than four streams unread', async () => {
    await sendBlocks(100)
    expect(rig.connection.streams.map(blocksOf)).to.deep.equal([8, 8, 8, 8])
    expect(rig.write.busy).to.equal(true)
  })

  it('continues when the peer has read one to its end', async () => {
    await sendBlocks(100)
    await readToEnd(rig.connection.streams[0])
    expect(rig.connection.streams.map(blocksOf)).to.deep.equal([8, 8, 8, 8, 8])
    await readToEnd(rig.connection.streams[2])
    expect(rig.connection.streams.map(blocksOf)).to.deep.equal([8, 8, 8, 8, 8, 8])
  })

  it('continues after a second if the peer never closes one, and sends nothing twice', async () => {
    await sendBlocks(100)
    await rig.clock.advance(60_000)
    expect(rig.connection.streams.flatMap(({ left }) => allNumbers(left))).to.deep.equal(Array.from({ length: 100 }, (_, i) => i))
    expect(rig.stats.resends).to.equal(0)
    expect(rig.connection.streams.every(({ resetSent }) => resetSent), 'no stream is left').to.equal(true)
  })

  it('begins no other while the last one holds unsent bytes', async () => {
    rig.connection.capacity = 2 * MIB - BLOCK
    await sendBlocks(100)
    await rig.clock.advance(10_000)
    expect(rig.connection.streams).to.have.lengthOf(1)
    rig.connection.capacity = Infinity
    await rig.connection.streams[0].drain(Infinity)
    expect(rig.connection.streams.length).to.be.above(1)
  })

  it('sends all of a stream again that is reset, however long ago it left', async () => {
    await sendBlocks(32)
    await rig.clock.advance(20_000)
    const [first] = rig.connection.streams
    first.left.consume(first.left.byteLength)
    first.onRemoteReset()
    await rig.clock.advance(1_000)
    expect(distinct().sort((a, b) => a - b)).to.deep.equal(Array.from({ length: 32 }, (_, i) => i))
    expect(rig.stats.resends).to.equal(8)
  })

  it('keeps to one stream when the peer closes its half at once, which says nothing', async () => {
    await rig.send(numbered(0))
    rig.connection.last.onRemoteCloseWrite()
    await sendBlocks(100)
    expect(rig.connection.streams).to.have.lengthOf(1)
  })

  it('and to one with flow control', async () => {
    rig.connection.multiplexer = '/yamux/1.0.0'
    await sendBlocks(100)
    expect(rig.connection.streams.map(blocksOf)).to.deep.equal([100])
  })
})
