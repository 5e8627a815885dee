import { history } from './history.ts'
import { broken, cases, show, showIds, showWant } from './law.ts'
import type { Ranked } from './history.ts'
import type { StrategyLawRule } from './law.ts'

function checkSame ({ members, want, ids }: Ranked, expected: readonly string[], why: string): void {
  if (ids.join('\n') !== expected.join('\n')) {
    throw broken(`${why} it ranked ${showIds(ids)}, before ${showIds(expected)}; ${show(members)}; ${showWant(want)}`)
  }
}

export const deterministic: StrategyLawRule = {
  title: 'ranks alike with the same seed and history',
  check (subject) {
    cases(subject, (_, seed) => {
      // some rankings are consumed only in part
      const first = Array.from(history(subject, { seed, changing: true }), ({ ids }) => ids)
      let step = 0

      for (const ranked of history(subject, { seed, changing: true })) {
        checkSame(ranked, first[step++], 'with the same seed and history')
      }
    })
  }
}

export const independent: StrategyLawRule = {
  title: 'shares nothing between the strategies that one factory makes',
  check (subject) {
    cases(subject, (_, seed) => {
      const alone = Array.from(history(subject, { seed }), ({ ids }) => ids)
      const other = history(subject, { seed: seed + 1, steps: alone.length })
      let step = 0

      for (const ranked of history(subject, { seed })) {
        other.next()
        checkSame(ranked, alone[step++], 'beside another of the same factory')
      }
    })
  }
}

export const injected: StrategyLawRule = {
  title: 'takes time and chance only from what its factory is given',
  check (subject) {
    cases(subject, (_, seed) => {
      const forbidden = [
        forbid(Math, 'random', 'Math.random: take env.random'),
        forbid(Date, 'now', 'Date.now: take env.now'),
        forbid(performance, 'now', 'performance.now: take env.now')
      ]

      try {
        Array.from(history(subject, { seed }))
      } finally {
        for (const allow of forbidden) {
          allow()
        }
      }
    })
  }
}

/** Until the result is called, nobody may call the method. */
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
