import { readFileSync } from 'node:fs'
import { expect } from 'aegir/chai'
import { createCosts, dollarsOf, PRICES } from '../src/costs.ts'

const GUIDE = readFileSync(new URL('../../../docs/deploying-the-edge.md', import.meta.url), 'utf8')

/** The cells of the table whose first row begins with a cell. */
function tableOf (first: string): string[][] {
  const lines = GUIDE.split('\n')
  const begin = lines.findIndex(line => line.startsWith(`| ${first} |`)) + 2
  const end = lines.findIndex((line, i) => i > begin && !line.startsWith('|'))

  return lines.slice(begin, end).map(line => line.split('|').slice(1, -1).map(cell => cell.trim()))
}

/** What `0.15 r2Get, 1 kvRead` of each block cost for a million blocks. */
function dollars (operations: string): number {
  const costs = createCosts()

  for (const each of operations.split(', ')) {
    const [count, kind] = each.split(' ')
    expect(PRICES, each).to.have.property(kind)
    costs[kind as keyof typeof PRICES] += Number(count) * 1e6
  }

  return dollarsOf(costs)
}

describe('the costs in the deploy guide', () => {
  it('are the prices by which the metrics count', () => {
    const prices = tableOf('operation').flatMap(([operation, price]) => {
      const [, kind] = /`(\w+)`/.exec(operation) ?? []

      return kind == null ? [] : [[kind, Number(price)] as const]
    })

    // a list of S3 is never made by the Worker
    expect(Object.fromEntries(prices)).to.deep.equal(Object.fromEntries(Object.entries(PRICES).filter(([kind]) => kind !== 's3List')))
  })

  it('are what the operations beside them cost, here and with Hoverboard', () => {
    const rows = tableOf('a client asks for')
    expect(rows).to.have.length(6)

    for (const [what, here, ours, theirs, hoverboard] of rows) {
      expect(ours, what).to.equal(dollars(here).toFixed(2))
      expect(hoverboard, what).to.equal(dollars(theirs).toFixed(2))
    }
  })

  it('are at most 0.15 dollars for a million blocks in order, cold', () => {
    expect(Number(tableOf('a client asks for')[0][2])).to.be.at.most(0.15)
  })
})
