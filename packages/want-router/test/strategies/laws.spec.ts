import { hotCold } from '../../src/strategies/algorithms/hot-cold.ts'
import { leastLoaded } from '../../src/strategies/algorithms/least-loaded.ts'
import { maglev } from '../../src/strategies/algorithms/maglev.ts'
import { peakEwma } from '../../src/strategies/algorithms/peak-ewma.ts'
import { random } from '../../src/strategies/algorithms/random.ts'
import { rendezvous } from '../../src/strategies/algorithms/rendezvous.ts'
import { roundRobin } from '../../src/strategies/algorithms/round-robin.ts'
import { boundedLoad } from '../../src/strategies/decorators/bounded-load.ts'
import { presence } from '../../src/strategies/decorators/presence.ts'
import { sticky } from '../../src/strategies/decorators/sticky.ts'
import { tiers } from '../../src/strategies/decorators/tiers.ts'
import { defaultStrategy } from '../../src/strategies/default.ts'
import { strategyTests } from '../../src/testing/strategy-tests.ts'
import { strictRunner } from '../testing/strict-runner.ts'
import type { StrategyFactory } from '../../src/strategies/strategy.ts'
import type { StrategyTestsInit } from '../../src/testing/strategy-tests.ts'

// the laws that the engine needs every strategy to keep, whatever its order

const ANY_BLOCK: StrategyTestsInit['laws'] = {
  'input-order': 'it starts at a random member, so that workers differ',
  'minimal-disruption': 'the block does not choose the member'
}

const QUICKEST: StrategyTestsInit['laws'] = {
  shares: 'its cost is time over weight: among idle members the one with the greatest weight costs least'
}

const COLD: StrategyTestsInit['laws'] = {
  ...QUICKEST,
  'shares-under-load': 'among cold members latency decides, whatever their shares'
}

const STRATEGIES: Record<string, { make (): StrategyFactory } & StrategyTestsInit> = {
  'round robin': { make: () => roundRobin(), laws: ANY_BLOCK },
  random: { make: () => random(), laws: ANY_BLOCK },
  'least loaded': { make: () => leastLoaded(), laws: ANY_BLOCK },
  'peak EWMA': { make: () => peakEwma(), laws: { ...ANY_BLOCK, ...QUICKEST } },
  'hot and cold': { make: () => hotCold(), laws: { ...ANY_BLOCK, ...COLD } },
  rendezvous: { make: () => rendezvous() },
  maglev: { make: () => maglev({ size: 1009 }), collateral: 0.05 },
  'sticky over round robin': { make: () => sticky(roundRobin()), wrap: inner => sticky(inner), laws: ANY_BLOCK },
  'presence over sticky': { make: () => presence(sticky(leastLoaded())), laws: ANY_BLOCK },
  'the default': { make: () => defaultStrategy() },
  'presence over rendezvous': { make: () => presence(rendezvous()), wrap: inner => presence(inner) },
  'presence over peak EWMA': { make: () => presence(peakEwma()), laws: { ...ANY_BLOCK, ...QUICKEST } },
  'bounded load over rendezvous': { make: () => boundedLoad(rendezvous()), wrap: inner => boundedLoad(inner) },
  'bounded load over round robin': { make: () => boundedLoad(roundRobin()), laws: ANY_BLOCK },
  'tiers over bounded load': { make: () => tiers(boundedLoad(rendezvous())), wrap: inner => tiers(boundedLoad(inner)) }
}

for (const [name, { make, ...init }] of Object.entries(STRATEGIES)) {
  strategyTests(make(), { ...init, name: `${name} obeys the laws of a strategy`, test: strictRunner })
}
