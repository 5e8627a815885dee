import { boundedLoad } from '../../src/strategies/decorators/bounded-load.ts'
import { presence } from '../../src/strategies/decorators/presence.ts'
import { tiers } from '../../src/strategies/decorators/tiers.ts'
import { leastLoaded } from '../../src/strategies/least-loaded.ts'
import { peakEwma } from '../../src/strategies/peak-ewma.ts'
import { rendezvous } from '../../src/strategies/rendezvous.ts'
import { roundRobin } from '../../src/strategies/round-robin.ts'
import { strategyTests } from '../../src/testing/strategy-tests.ts'
import { strictRunner } from '../testing/strict-runner.ts'
import type { StrategyFactory } from '../../src/strategies/strategy.ts'
import type { StrategyTestsInit } from '../../src/testing/strategy-tests.ts'

// what every strategy owes the engine, whatever its order

const ANY_BLOCK: StrategyTestsInit['laws'] = {
  'input-order': 'it begins anywhere, so that workers differ',
  'minimal-disruption': 'the block does not decide'
}

const QUICKEST: StrategyTestsInit['laws'] = {
  shares: 'its cost is time over weight: among idle members the one of most weight is quickest'
}

const STRATEGIES: Record<string, { make (): StrategyFactory } & StrategyTestsInit> = {
  'round robin': { make: () => roundRobin(), laws: ANY_BLOCK },
  'least loaded': { make: () => leastLoaded(), laws: ANY_BLOCK },
  'peak EWMA': { make: () => peakEwma(), laws: { ...ANY_BLOCK, ...QUICKEST } },
  rendezvous: { make: () => rendezvous() },
  'presence over rendezvous': { make: () => presence(rendezvous()) },
  'presence over peak EWMA': { make: () => presence(peakEwma()), laws: { ...ANY_BLOCK, ...QUICKEST } },
  'bounded load over rendezvous': { make: () => boundedLoad(rendezvous()) },
  'bounded load over round robin': { make: () => boundedLoad(roundRobin()), laws: ANY_BLOCK },
  'tiers over bounded load': { make: () => tiers(boundedLoad(rendezvous())) }
}

for (const [name, { make, ...init }] of Object.entries(STRATEGIES)) {
  strategyTests(make(), { ...init, name: `${name} obeys the laws of a strategy`, test: strictRunner })
}
