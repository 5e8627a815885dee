import { broken, cases, show, showIds, showWant } from './law.ts'
import { randomRun } from './random-run.ts'
import type { StrategyLawRule } from './law.ts'
import type { Ranked } from './random-run.ts'

function checkSame ({ members, want, ids }: Ranked, expected: readonly string[], why: string): void {
  if (ids.join('\n') !== expected.join('\n')) {
    throw broken(`${why} it ranked ${showIds(ids)}, before ${showIds(expected)}; ${show(members)}; ${showWant(want)}`)
  }
}

/** A recording replays only if the strategy ranks as it did; and replicas with one seed must agree. */
export const deterministic: StrategyLawRule = {
  title: 'ranks the same with the same seed and history',
  check (subject) {
    cases(subject, (_, seed) => {
      // some rankings are consumed only in part
      const first = Array.from(randomRun(subject, { seed, changing: true }), ({ ids }) => ids)
      let step = 0

      for (const ranked of randomRun(subject, { seed, changing: true })) {
        checkSame(ranked, first[step++], 'with the same seed and history')
      }
    })
  }
}

/** A process has several routers, which may be made with one factory. */
export const independent: StrategyLawRule = {
  title: 'shares no state between the strategies that one factory makes',
  check (subject) {
    cases(subject, (_, seed) => {
      const alone = Array.from(randomRun(subject, { seed }), ({ ids }) => ids)
      const other = randomRun(subject, { seed: seed + 1, steps: alone.length })
      let step = 0

      for (const ranked of randomRun(subject, { seed })) {
        other.next()
        checkSame(ranked, alone[step++], 'beside another of the same factory')
      }
    })
  }
}

/** Global clocks and random numbers would make replays differ. */
export const injected: StrategyLawRule = {
  title: 'takes time and randomness only from what its factory is given',
  check (subject) {
    cases(subject, (_, seed) => {
      const forbidden = [
        forbid(Math, 'random', 'Math.random: take env.random'),
        forbid(Date, 'now', 'Date.now: take env.now'),
        forbid(performance, 'now', 'performance.now: take env.now')
      ]

      try {
        Array.from(randomRun(subject, { seed }))
      } finally {
        for (const allow of forbidden) {
          allow()
        }
      }
    })
  }
}

/** Makes each call of the method throw, until the result is called. */
function forbid (owner: object, name: string, what: string): () => void {
  const before = Object.getOwnPropertyDescriptor(owner, name)
  Object.defineProperty(owner, name, {
    configurable: true,
    value: () => { throw broken(`it called ${what}`) }
  })

  return () => {
    if (before == null) {
      Reflect.deleteProperty(owner, name)
    } else {
      Object.defineProperty(owner, name, before)
    }
  }
}
