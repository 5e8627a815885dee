import { maglev } from '../../../src/strategies/algorithms/maglev.ts'
import { rendezvous } from '../../../src/strategies/algorithms/rendezvous.ts'
import { fakeEnv, fakeMember, fakeWant, ranking } from '../fixtures.ts'

// prints how another process ranks, given a seed and members as JSON: see processes.spec.ts

const { seed, members }: { seed: number, members: Array<{ id: string, weight: number }> } = JSON.parse(process.argv[2])

const rankings = [rendezvous(), maglev()].map(factory => {
  const strategy = factory(fakeEnv(seed))
  strategy.update(members.map(({ id, weight }) => fakeMember(id, { weight })))

  return Array.from({ length: 200 }, (_, i) => ranking(strategy, fakeWant(i)))
})

process.stdout.write(JSON.stringify(rankings))
