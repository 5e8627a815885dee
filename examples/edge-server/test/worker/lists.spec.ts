import { expect } from 'aegir/chai'
import { createIsolateLists, FIRST_RETRY, LIST_INTERVAL, READ_TIMEOUT } from '../../src/worker/lists.ts'
import type { ReadingPolicy } from '../../src/policies.ts'
import type { IsolateLists } from '../../src/worker/lists.ts'

interface Setup {
  readonly lists: IsolateLists
  /** When the policy has read its lists, ms. */
  readonly readAt: readonly number[]
  /** Whether its lists can be read. */
  readable: boolean
  /** Whether reading never ends. */
  hangs: boolean
  /** Lets time pass. */
  pass (ms: number): Promise<void>
}

const STEP = 50

function setUp (): Setup {
  let now = 0
  let loaded = false
  const timers = new Set<{ readonly at: number, call (): void }>()
  const readAt: number[] = []
  const policy: ReadingPolicy = {
    get loaded () { return loaded },
    start: async () => {},
    stop: () => {},

    async refresh () {
      readAt.push(now)

      if (self.hangs) {
        await new Promise(() => {})
      }

      loaded ||= self.readable
    }
  }

  const lists = createIsolateLists([policy], {
    now: () => now,
    after (ms, call) {
      const timer = { at: now + ms, call }
      timers.add(timer)

      return () => { timers.delete(timer) }
    }
  })

  const self: Setup = {
    lists,
    readAt,
    readable: true,
    hangs: false,

    async pass (ms) {
      for (const end = now + ms; now < end;) {
        now += STEP
        const reached = now

        for (const timer of [...timers].filter(({ at }) => at <= reached)) {
          timers.delete(timer)
          timer.call()
        }

        await new Promise(resolve => { setImmediate(resolve) })
      }
    }
  }

  return self
}

/** Whether a promise has resolved by now. */
async function isDone (promise: Promise<unknown>): Promise<boolean> {
  return Promise.race([promise.then(() => true), new Promise<boolean>(resolve => { setImmediate(() => { resolve(false) }) })])
}

describe('the lists of an isolate', () => {
  it('are read by the first request, and again by one that comes when they are a minute old', async () => {
    const { lists, readAt, pass } = setUp()
    await lists.refresh()
    await pass(LIST_INTERVAL - STEP)
    await lists.refresh()
    expect(readAt).to.deep.equal([0])
    await pass(STEP)
    await lists.refresh()
    await lists.refresh()
    expect(readAt).to.deep.equal([0, LIST_INTERVAL])
  })

  it('are tried again while they have never been read: first after a second, and at least once a minute', async () => {
    const self = setUp()
    self.readable = false
    await self.lists.refresh()
    const stop = self.lists.keepFresh()
    await self.pass(4 * LIST_INTERVAL)
    const waits = self.readAt.slice(1).map((at, i) => at - self.readAt[i])
    expect(waits.slice(0, 8)).to.deep.equal([1, 2, 4, 8, 16, 32, 60, 60].map(seconds => seconds * FIRST_RETRY))

    self.readable = true
    await self.pass(2 * LIST_INTERVAL)
    const { length } = self.readAt
    expect(self.readAt[length - 1] - self.readAt[length - 2]).to.equal(LIST_INTERVAL)
    stop()
    await self.pass(2 * LIST_INTERVAL)
    expect(self.readAt).to.have.length(length)
  })

  it('are read once by several requests at a time, which all wait for the first reading', async () => {
    const self = setUp()
    self.hangs = true
    const first = self.lists.refresh()
    self.hangs = false
    const second = self.lists.refresh()
    expect(await isDone(second)).to.equal(false)
    expect(self.readAt).to.deep.equal([0])

    // the runtime has ended the first one
    await self.pass(READ_TIMEOUT)
    expect(await isDone(second)).to.equal(true)
    expect(await isDone(first)).to.equal(false)
    await self.lists.refresh()
    expect(self.readAt).to.deep.equal([0, READ_TIMEOUT])
  })

  it('do not delay a request that does not read them, once they have been read', async () => {
    const self = setUp()
    await self.lists.refresh()
    await self.pass(LIST_INTERVAL)
    self.hangs = true
    const reads = self.lists.refresh()
    expect(await isDone(self.lists.refresh())).to.equal(true)
    expect(await isDone(reads)).to.equal(false)
  })

  it('need no timers if there are none', async () => {
    const lists = createIsolateLists([], { now: () => 0, after: () => { throw new Error('a timer') } })
    await lists.refresh()
    lists.keepFresh()()
  })
})
