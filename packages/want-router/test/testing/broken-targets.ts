import { source } from '../../src/targets/source-target.ts'
import { fakeBlocks } from '../../src/testing/fake-block.ts'
import { fakeClock } from '../../src/testing/fake-clock.ts'
import { fakeTarget } from '../../src/testing/fake-target.ts'
import { fakeContext } from '../targets/fixtures.ts'
import type { Sink, Target, TargetWant } from '../../src/targets/target.ts'
import type { FakeClock } from '../../src/testing/fake-clock.ts'
import type { FakeAnswer, FakeTarget } from '../../src/testing/fake-target.ts'
import type { TargetSubject } from '../../src/testing/target-laws/bench.ts'
import type { TargetLaw } from '../../src/testing/target-tests.ts'

/** A target that breaks a law. */
interface BrokenTarget {
  readonly law: TargetLaw
  readonly what: string
  /** The message of the law. */
  readonly says: RegExp
  make (): Promise<TargetSubject>
}

interface Parts {
  readonly target: FakeTarget
  readonly clock: FakeClock
  /** Known once the target has been started. */
  readonly sink: Sink
}

/** A target that keeps all laws, except for the given changes. */
export async function good (change: (parts: Parts) => Partial<Target & TargetSubject> = () => ({}), reply?: (want: TargetWant, index: number) => FakeAnswer | undefined): Promise<TargetSubject> {
  const clock = fakeClock()
  const has = await fakeBlocks(4)
  const target = fakeTarget({ id: 'target', timers: clock, blocks: has, reply })
  const parts: Partial<Parts> = { target, clock }
  const changes = change(parts as Parts)

  return {
    target: {
      ask: wants => { target.ask(wants) },
      cancel: wants => { target.cancel(wants) },
      stop: () => target.stop(),
      ...changes,
      start (sink) {
        Object.assign(parts, { sink })

        return (changes.start ?? target.start).call(target, sink)
      }
    },
    has,
    missing: await fakeBlocks(1, 'unknown'),
    atOnce: has.length,
    settle: () => { clock.pass(5) },
    cut: changes.cut ?? (() => { target.die() }),
    restore: changes.restore ?? (() => { target.revive() })
  }
}

export const BROKEN: readonly BrokenTarget[] = [
  {
    law: 'up-first',
    what: 'never comes up',
    says: /^it did not come up within 50 ms; it reported nothing$/,
    make: async () => good(() => ({ start () {} }))
  },
  {
    law: 'up-first',
    what: 'cannot be started',
    says: /^start failed: Error: no disk$/,
    make: async () => good(() => ({ async start () { throw new Error('no disk') } }))
  },
  {
    law: 'up-first',
    what: 'says how loaded it is before it is up',
    says: /^its first report was load, and not up$/,
    make: async () => good(({ target, clock }) => ({
      start (sink) {
        clock.after(0, () => { sink.load(7) })
        target.start(sink)
      }
    }))
  },
  {
    law: 'not-reentrant',
    what: 'is up before start has returned',
    says: /^it reported up from inside start, where the engine is not to be re-entered/,
    make: async () => good(({ target }) => ({
      start (sink) {
        target.start(sink)
        target.revive()
      }
    }))
  },
  {
    law: 'not-reentrant',
    what: 'answers while it is being asked',
    says: /^it reported dont-have from inside ask/,
    make: async () => good(parts => ({
      ask (wants) {
        for (const { key } of wants) {
          parts.sink.answer(key, 'dont-have')
        }
      }
    }))
  },
  {
    law: 'not-reentrant',
    what: 'acknowledges what is cancelled',
    says: /^it reported unknown from inside cancel/,
    make: async () => good(parts => ({
      cancel (wants) {
        parts.target.cancel(wants)

        for (const { key } of wants) {
          parts.sink.answer(key, 'unknown')
        }
      }
    }))
  },
  {
    law: 'serves',
    what: 'sends wrong bytes',
    says: /^it did not answer the want-block for block 0 of those that it has, one of 4 within 50 ms; it reported up, block/,
    make: async () => good(undefined, () => 'wrong')
  },
  {
    law: 'serves',
    what: 'says only that it has the block',
    says: /^it answered the want-block for block 0 of those that it has with have, not with block$/,
    make: async () => good(undefined, () => 'have')
  },
  {
    law: 'haves',
    what: 'answers DONT_HAVE for everything',
    says: /^it answered the want-have for block 0 of those that it has with dont-have, not with have or block$/,
    make: async () => good(undefined, () => 'dont-have')
  },
  {
    law: 'misses',
    what: 'takes a miss for a failure',
    says: /^it answered the want-have for block 0 of those that it does not have with failed, not with dont-have or unknown$/,
    make: async () => good(undefined, () => 'failed')
  },
  {
    law: 'misses',
    what: 'does not answer if it does not have the block',
    says: /^it did not answer a want-have for a block that it does not have within 50 ms; it reported up$/,
    make: async () => good(undefined, () => 'nothing')
  },
  {
    law: 'once',
    what: 'says HAVE, and then sends the block',
    says: /^it answered the want for block 1 of those that it has 2 times: have, block$/,
    make: async () => good(parts => ({
      ask (wants) {
        parts.target.ask(wants)
        parts.clock.after(0, () => {
          for (const { key } of wants) {
            parts.sink.answer(key, 'have')
          }
        })
      }
    }))
  },
  {
    law: 'once',
    what: 'sends every block that it has',
    says: /^it reported have for a block that it was not asked for, or wrong bytes/,
    make: async () => good(parts => ({
      ask (wants) {
        parts.target.ask(wants)
        parts.clock.after(0, () => { parts.sink.answer('of its own accord', 'have') })
      }
    }))
  },
  {
    law: 'duplicates',
    what: 'ignores a want that it was asked before',
    says: /^asked for a have, and then twice for the block, it did not bring the block within/,
    make: async () => good(({ target }) => ({
      ask (wants) { target.ask(wants.filter(({ key }) => !target.open.has(key))) }
    }))
  },
  {
    law: 'duplicates',
    what: 'sends each block only once',
    says: /^it did not answer a want for a block that it had brought before within/,
    make: async () => good(({ target }) => {
      const brought = new Set<string>()

      return {
        ask (wants) {
          target.ask(wants.filter(({ key }) => target.open.has(key) || !brought.has(key)))

          for (const { key, type } of wants) {
            if (type === 'block') {
              brought.add(key)
            }
          }
        }
      }
    })
  },
  {
    law: 'duplicates',
    what: 'answers again and again',
    says: /^asked three times for one block it answered \d+ times: /,
    make: async () => good(parts => ({
      ask (wants) {
        parts.target.ask(wants)

        for (let ms = 1; ms < 5; ms++) {
          parts.clock.after(ms, () => { parts.sink.answer(wants[0].key, 'have') })
        }
      }
    }))
  },
  {
    law: 'cancels',
    what: 'does not come up again',
    says: /^it answered block to a want that was cancelled in the tick in which it was asked$/,
    make: async () => good(() => ({ cancel () {} }))
  },
  {
    law: 'cancels',
    what: 'drops all wants when one is cancelled',
    says: /^it did not answer the want-block for block 1 of those that it has, one of 4 within/,
    make: async () => good(({ target }) => ({
      cancel () { target.cancel([...target.open.values()]) }
    }))
  },
  {
    law: 'cancels',
    what: 'ignores a want that was cancelled before',
    says: /^it did not answer a want that was cancelled and then asked again within/,
    make: async () => good(({ target }) => ({
      ask (wants) { target.ask(wants.filter(({ key }) => !target.cancelled.some(cancelled => cancelled.key === key))) }
    }))
  },
  {
    law: 'down',
    what: 'does not notice that it is cut off',
    says: /^cut off, it did not report down within/,
    make: async () => good(() => ({ cut () {} }))
  },
  {
    law: 'down',
    what: 'throws when it is asked without a connection',
    says: /^Cannot ask without a connection$/,
    make: async () => good(({ target }) => {
      let line = true

      return {
        ask (wants) {
          if (!line) {
            throw new Error('Cannot ask without a connection')
          }

          target.ask(wants)
        },
        cut () {
          line = false
          target.die()
        }
      }
    })
  },
  {
    law: 'down',
    what: 'answers DONT_HAVE when it cannot know',
    says: /^it reported dont-have while it was down$/,
    make: async () => good(parts => {
      let cut = false

      return {
        ask (wants) {
          if (cut) {
            parts.clock.after(0, () => { parts.sink.answer(wants[0].key, 'dont-have') })
          }

          parts.target.ask(wants)
        },
        cut () {
          cut = true
          parts.target.die()
        }
      }
    })
  },
  {
    law: 'down',
    what: 'stays down',
    says: /^with the connection restored, it did not come up again within/,
    make: async () => good(() => ({ restore () {} }))
  },
  {
    law: 'backpressure',
    what: 'keeps reading when the router does not take blocks',
    says: /^it handed over 20 blocks while the router had taken none, but its limit is 2: wait for what sink\.block returns$/,
    make: async () => {
      const has = await fakeBlocks(20)
      const clock = fakeClock()
      const target = fakeTarget({ id: 'target', timers: clock, blocks: has })

      return { target, has, missing: await fakeBlocks(1, 'unknown'), atOnce: 2, settle: () => { clock.pass(5) } }
    }
  },
  {
    law: 'refused',
    what: 'stops for good when a block is not taken',
    says: /^it stopped serving after the router had failed to take its blocks within/,
    make: async () => good(({ target, clock }) => ({
      start (sink) {
        target.start({
          ...sink,
          block (prefix, bytes) {
            const taken = sink.block(prefix, bytes)
            taken?.catch(() => { target.stop() })

            return taken
          }
        })
      }
    }))
  },
  {
    law: 'stops',
    what: 'waits forever',
    says: /^stop did not resolve in time$/,
    make: async () => good(() => ({ stop: async () => new Promise(() => {}) }))
  },
  {
    law: 'stops',
    what: 'keeps answering after it was stopped',
    says: /^it reported block after it had been stopped$/,
    make: async () => good(() => ({ stop () {} }))
  }
]

/** A source, which waits for the router, keeps the law on backpressure that {@link fakeTarget} does not keep. */
export async function patient (): Promise<TargetSubject> {
  const has = await fakeBlocks(20)
  const target = source({ get: async cid => has.find(block => cid.bytes.join() === block.cid.join())?.bytes }, { id: 'source', concurrency: 2 }).create(fakeContext())

  return { target, has, missing: await fakeBlocks(1, 'unknown'), atOnce: 2 }
}
