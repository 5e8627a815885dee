import { expect } from 'aegir/chai'
import { parseOptions } from '../../src/cli/args.ts'
import { UsageError } from '../../src/errors.ts'
import { everyStrategy, findStrategies, splitStrategies } from '../../src/strategies.ts'

describe('arguments', () => {
  it('has defaults', () => {
    expect(parseOptions([])).to.deep.include({ scenarios: [], strategies: [], seed: 1, scale: 1, report: true, replay: false })
  })

  it('takes scenarios and strategies one by one and together', () => {
    const { scenarios, strategies } = parseOptions(['--scenario', 'a', '--scenario', 'b.json', '--strategies', 'x;y', '--strategies=z'])
    expect(scenarios).to.deep.equal(['a', 'b.json'])
    expect(strategies).to.deep.equal(['x', 'y', 'z'])
  })

  it('refuses invalid options with a message of one line', () => {
    for (const args of [['--seed', 'x'], ['--seed', '1.5'], ['--seed=-1'], ['--scale', '0'], ['--scale', 'x'], ['--speed'], ['stray'], ['--seed']]) {
      expect(() => parseOptions(args), args.join(' ')).to.throw(UsageError).with.property('message').that.does.not.include('\n')
    }
  })
})

describe('a list of strategies', () => {
  it('is split at semicolons, and at commas outside of parentheses', () => {
    expect(splitStrategies('a, b(c, 1.5); d(e(f, 1), 2) ;')).to.deep.equal(['a', 'b(c, 1.5)', 'd(e(f, 1), 2)'])
  })

  it('all includes each strategy of want-router once, and each can be made', async () => {
    const all = await findStrategies(['all'])
    expect(all.map(({ name }) => name)).to.deep.equal(everyStrategy())
    expect(all.map(({ name }) => name)).to.include.members(['round-robin', 'rendezvous', 'maglev', 'peak-ewma', 'hot-cold', 'bounded-load(rendezvous)'])
    expect(all.map(({ name }) => name)).to.not.include('weighted-round-robin')
  })

  it('names the strategies that exist if one does not', async () => {
    await expect(findStrategies(['fastest'])).to.eventually.be.rejectedWith(UsageError, /there is no "fastest".*rendezvous.*modulo/)
    await expect(findStrategies(['./missing.ts'])).to.eventually.be.rejectedWith(UsageError, /missing\.ts cannot be imported/)
  })
})
