import { defaultLogger } from '@libp2p/logger'
import { expect } from 'aegir/chai'
import { DEFAULT_NETWORK_LIMITS } from '../../src/network/defaults.ts'
import { createNetworkStats } from '../../src/network/stats.ts'
import { createWatch } from '../../src/network/watch.ts'
import { fakeClock, FakeStream } from './fakes.ts'
import { numbers } from './messages.ts'
import type { Clock } from './fakes.ts'
import type { NetworkLimits } from '../../src/network/defaults.ts'
import type { Reader, ReaderOwner } from '../../src/network/reader.ts'
import type { BitswapMessage } from '@kitsune/bitswap-codec'

/** What a reader reports to. */
export interface Owner extends Omit<ReaderOwner, 'limits' | 'answers'> {
  limits: NetworkLimits
  seen: number[]
  unfinishedBytes: number
  over: Reader[]
  handle (message: BitswapMessage): Promise<void> | false | undefined
  answers: boolean
  /** The next pass of the event loop begins. */
  nextPass (): void
}

/** A stream to be read, and what its reader reports to. */
export interface ReaderRig {
  readonly clock: Clock
  readonly owner: Owner
  stream: FakeStream
  /** Expects that the stream was reset, and that nothing of it is left. */
  expectReset (): void
}

export function createReaderRig (): ReaderRig {
  const clock = fakeClock()
  let waiting: Array<() => void> = []
  let items = 0
  const owner: Owner = {
    seen: [],
    unfinishedBytes: 0,
    over: [],
    handle: () => undefined,
    limits: DEFAULT_NETWORK_LIMITS,
    stats: createNetworkStats(),
    watch: createWatch(250, clock.now, clock.after),
    log: defaultLogger().forComponent('test'),
    answers: true,
    now: clock.now,
    mayHandle: () => true,
    nextTurn: run => { waiting.push(run) },
    hasShare: () => items < owner.limits.itemsPerPass,
    handled (count) { items += count },
    nextPass () {
      items = 0
      const runs = waiting
      waiting = []
      runs.forEach(run => { run() })
    },
    message (message) {
      owner.seen.push(...numbers(message))

      return owner.handle(message)
    },
    unfinished (delta) { owner.unfinishedBytes += delta },
    holds () {},
    ended (reader) { owner.over.push(reader) },
    broke () {}
  }
  const rig: ReaderRig = {
    clock,
    owner,
    stream: new FakeStream(),
    expectReset () {
      expect(rig.stream.resetSent).to.equal(true)
      expect(owner.over).to.have.lengthOf(1)
      expect(owner.unfinishedBytes).to.equal(0)
    }
  }

  return rig
}
