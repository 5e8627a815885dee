import { expect } from 'aegir/chai'
import { createRetryBudget } from '../../src/engine/budgets.ts'

type Budget = ReturnType<typeof createRetryBudget>

function spent (budget: Budget, now: number): number {
  let count = 0

  while (budget.spend(now)) {
    count++
  }

  return count
}

describe('engine: the budget of retries', () => {
  it('pays for ten a second whatever the traffic, and saves up a hundred', () => {
    const budget = createRetryBudget({ retryBudget: 0 }, 0)
    expect(spent(budget, 0)).to.equal(10)
    expect(spent(budget, 1000)).to.equal(10)
    expect(spent(budget, 1500)).to.equal(5)
    expect(spent(budget, 100_000)).to.equal(100)
  })

  it('says when it pays for the next one', () => {
    const budget = createRetryBudget({ retryBudget: 0 }, 0)
    expect(budget.nextAt(0)).to.be.at.most(0)
    spent(budget, 0)
    expect(budget.nextAt(0)).to.equal(100)
    expect(budget.spend(99)).to.equal(false)
    expect(budget.spend(100)).to.equal(true)
  })

  it('pays for a share of first tries', () => {
    const budget = createRetryBudget({ retryBudget: 0.25 }, 0)
    spent(budget, 0)

    for (let i = 0; i < 100; i++) {
      budget.firstTry(0)
    }

    expect(spent(budget, 0)).to.equal(25)
  })

  it('pays for two more for each retry that is answered, so that everything is asked again within a few round trips after an outage', () => {
    const budget = createRetryBudget({ retryBudget: 0.2 }, 0)
    let asked = 0

    for (let round = 0; round < 4; round++) {
      const count = spent(budget, 0)
      asked += count

      for (let i = 0; i < count; i++) {
        budget.succeeded(0)
      }
    }

    expect(asked).to.equal(10 + 20 + 40 + 80)
  })

  it('forgets traffic of more than some ten seconds ago', () => {
    const budget = createRetryBudget({ retryBudget: 0.2 }, 0)

    for (let i = 0; i < 10_000; i++) {
      budget.firstTry(0)
    }

    expect(spent(budget, 0)).to.equal(2000)

    for (let i = 0; i < 10_000; i++) {
      budget.firstTry(0)
    }

    expect(spent(budget, 60_000)).to.equal(100)
  })
})
