import { expect } from 'aegir/chai'
import { hotCold } from '../../../src/strategies/algorithms/hot-cold.ts'
import { leastLoaded } from '../../../src/strategies/algorithms/least-loaded.ts'
import { maglev } from '../../../src/strategies/algorithms/maglev.ts'
import { peakEwma } from '../../../src/strategies/algorithms/peak-ewma.ts'
import { random } from '../../../src/strategies/algorithms/random.ts'
import { rendezvous } from '../../../src/strategies/algorithms/rendezvous.ts'
import { roundRobin } from '../../../src/strategies/algorithms/round-robin.ts'
import { boundedLoad } from '../../../src/strategies/decorators/bounded-load.ts'
import { presence } from '../../../src/strategies/decorators/presence.ts'
import { sticky } from '../../../src/strategies/decorators/sticky.ts'
import { tiers } from '../../../src/strategies/decorators/tiers.ts'
import { STRATEGIES } from '../../../src/strategies/syntax/names.ts'
import { parseStrategy } from '../../../src/strategies/syntax/parser.ts'
import { fakeEnv, fakeMember, fakeWant, ranking } from '../fixtures.ts'
import type { StrategyFactory } from '../../../src/strategies/strategy.ts'

/** Rankings that tell the strategies apart: loads, weights, tiers and keys all matter. */
function behaviour (factory: StrategyFactory): string[][] {
  const strategy = factory(fakeEnv())
  strategy.update([4, 30, 0, 9, 14, 11].map((wants, i) => fakeMember(`m${i}`, {
    weight: 1 + i % 2,
    labels: { tier: `${i % 3}`, zone: `${i % 2}` },
    load: { wants, bytes: wants * (i + 1) * 10_000 }
  })))

  return Array.from({ length: 50 }, (_, key) => ranking(strategy, fakeWant(key)))
}

describe('parseStrategy', () => {
  const written: Record<string, StrategyFactory> = {
    'round-robin': roundRobin(),
    rendezvous: rendezvous(),
    ' rendezvous( ) ': rendezvous(),
    'least-loaded': leastLoaded(),
    'least-loaded(1000000)': leastLoaded({ wantCost: 1e6 }),
    'least-loaded(wantCost=1000000)': leastLoaded({ wantCost: 1e6 }),
    'weighted-round-robin': roundRobin(),
    random: random(),
    'peak-ewma(decay=1s)': peakEwma({ decay: 1000 }),
    'peak-ewma(500ms, 2min)': peakEwma({ decay: 500, penalty: 120_000 }),
    'hot-cold(hot=0.7, penalty=1h)': hotCold({ hot: 0.7, penalty: 3_600_000 }),
    'maglev(251)': maglev({ size: 251 }),
    'presence(rendezvous, probe=16)': presence(rendezvous(), { probe: 16 }),
    'sticky(round-robin, idle = 1.5s)': sticky(roundRobin(), { idle: 1500 }),
    'bounded-load(presence(rendezvous), c=1)': boundedLoad(presence(rendezvous()), 1),
    'bounded-load(rendezvous)': boundedLoad(rendezvous()),
    'bounded-load(rendezvous, least=0)': boundedLoad(rendezvous(), 1.25, 0),
    'bounded-load ( rendezvous , 1.0 )': boundedLoad(rendezvous(), 1),
    'tiers(round-robin)': tiers(roundRobin()),
    'tiers(bounded-load(rendezvous, 1), zone)': tiers(boundedLoad(rendezvous(), 1), { label: 'zone' })
  }

  for (const [text, expected] of Object.entries(written)) {
    it(`reads "${text}"`, () => {
      expect(behaviour(parseStrategy(text))).to.deep.equal(behaviour(expected))
    })
  }

  const refused: Record<string, RegExp> = {
    '': /a name is missing/,
    fastest: /there is no "fastest" in/,
    roundrobin: /there is no "roundrobin" in "roundrobin"; did you mean round-robin\?$/,
    'bounded-load(Rendevous)': /there is no "Rendevous" in .*; did you mean rendezvous\?$/,
    'peak-ewma(dekay=1s)': /no option "dekay", only decay, penalty in .*; did you mean decay\?$/,
    constructor: /there is no "constructor"/,
    'bounded-load': /written bounded-load\(strategy, c=1.25, least=4\)/,
    'bounded-load(rendezvous, d=1)': /no option "d", only c, least/,
    'peak-ewma(decay=1s, decay=2s)': /decay of peak-ewma is given twice/,
    'peak-ewma(decay=10 apples)': /parentheses/,
    'peak-ewma(decay=apples)': /decay must be a number of ms above 0, not NaN/,
    'c=rendezvous': /there is no "c=rendezvous"/,
    'maglev(100)': /size must be a prime/,
    'bounded-load(rendezvous, 1.5, 2, 3)': /written bounded-load/,
    'bounded-load(fastest)': /there is no "fastest"/,
    'bounded-load(, 2)': /a name is missing/,
    'bounded-load(rendezvous, low)': /at least 1, not NaN/,
    'bounded-load(rendezvous, )': /a plain value/,
    'bounded-load(tiers(rendezvous))': /write tiers\(bounded-load\(…\)\)/,
    'tiers(rendezvous, zone(1))': /a plain value/,
    'round-robin(1)': /written round-robin/,
    'tiers(rendezvous': /parentheses do not match/,
    'tiers(rendezvous))': /parentheses do not match/,
    'round-robin rendezvous': /parentheses do not match/,
    ['('.repeat(1000)]: /more than 256 characters/
  }

  for (const [text, why] of Object.entries(refused)) {
    it(`refuses "${text.slice(0, 40)}"`, () => {
      expect(() => parseStrategy(text)).to.throw(why).with.property('name', 'InvalidOptionError')
    })
  }

  it('lists what exists', () => {
    expect(() => parseStrategy('fastest')).to.throw('write one of round-robin, weighted-round-robin, random, least-loaded(wantCost=8192), ' +
      'peak-ewma(decay=10s, penalty=5s), hot-cold(hot=0.5, decay=10s, penalty=5s), rendezvous, maglev(size=65537), ' +
      'bounded-load(strategy, c=1.25, least=4), presence(strategy, poor=0.5, probe=256), sticky(strategy, clients=10000, idle=10min), tiers(strategy, label=tier)')
  })

  it('reads strategies of an application too', () => {
    const mine: StrategyFactory = () => ({ update: () => {}, rank: () => [] })
    const known = { ...STRATEGIES, mine: { make: () => mine } }

    expect(parseStrategy('mine', known)).to.equal(mine)
    expect(() => parseStrategy('other', known)).to.throw(/, mine$/)
  })
})
