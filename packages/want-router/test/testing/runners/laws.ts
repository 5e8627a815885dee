import { roundRobin } from '../../../src/strategies/algorithms/round-robin.ts'
import { fakeBlocks, fakeClock, fakeTarget, strategyTests, targetTests } from '../../../src/testing/index.ts'
import type { StrategyFactory } from '../../../src/strategies/strategy.ts'
import type { TestRunner } from '../../../src/testing/index.ts'

/** A strategy and a target that keep their laws, and a strategy that breaks one. */
export function declare (test?: TestRunner): void {
  strategyTests(roundRobin(), {
    name: 'good strategy',
    laws: { 'input-order': 'begins anywhere', 'minimal-disruption': false },
    test
  })

  targetTests(async () => {
    const clock = fakeClock()
    const has = await fakeBlocks(3)
    const target = fakeTarget({ id: 'fake', timers: clock, blocks: has })

    return { target, has, missing: await fakeBlocks(1, 'unknown'), settle: () => { clock.pass(5) } }
  }, {
    name: 'good target',
    laws: { backpressure: 'it has none', down: 'it is never down' },
    test
  })

  strategyTests(forgetful, { name: 'broken strategy', test })
}

/** Round robin that leaves out ejected members. */
const forgetful: StrategyFactory = env => {
  const inner = roundRobin()(env)

  return {
    update: members => { inner.update(members) },
    * rank (want) {
      for (const member of inner.rank(want)) {
        if (member.state !== 'ejected') {
          yield member
        }
      }
    }
  }
}
