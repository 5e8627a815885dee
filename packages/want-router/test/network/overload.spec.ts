import { expect } from 'aegir/chai'
import { shedStreams } from '../../src/network/overload.ts'
import { createNetworkStats } from '../../src/network/stats.ts'
import type { Reader } from '../../src/network/reader.ts'

interface FakeReader extends Reader {
  error?: Error
}

function holding (unfinishedBytes: number): FakeReader {
  const reader: FakeReader = {
    unfinishedBytes,
    waitingBytes: 0,
    holding: false,
    over: false,
    tick: () => false,
    abort (error) { reader.error = error }
  }

  return reader
}

describe('network/overload', () => {
  it('resets the newest streams that hold bytes until the rest fits', () => {
    const readers = [holding(100), holding(100), holding(0), holding(100), holding(0)]
    const stats = createNetworkStats()
    shedStreams(new Set(readers), 120, stats, reader => reader.unfinishedBytes)
    expect(readers.map(({ error }) => error?.name)).to.deep.equal([undefined, 'TooMuchUnfinishedError', undefined, 'TooMuchUnfinishedError', undefined])
    expect(stats.shed).to.equal(2)
  })

  it('does nothing while all fits', () => {
    const reader = holding(100)
    shedStreams(new Set([reader]), 100, createNetworkStats(), reader => reader.unfinishedBytes)
    expect(reader.error).to.equal(undefined)
  })
})
