import type { Scenario } from '../scenario/schema.ts'

/** One node that is ten times as slow as the others. */
export const slowNode: Scenario = {
  name: 'slow-node',
  title: 'One of four nodes takes ten times as long. Which strategies notice?',
  about: 'Every want is for a new block, so that nothing is cached or coalesced. The slow node could just serve a quarter of the wants.',
  duration: 120_000,
  warmup: 20_000,
  members: [
    { id: 'node', count: 3, workers: 16, service: { kind: 'lognormal', median: 20, sigma: 0.25 } },
    { id: 'slow', workers: 16, service: { kind: 'lognormal', median: 200, sigma: 0.25 } }
  ],
  clients: [
    { id: 'peer', count: 20, arrivals: { kind: 'poisson', rate: 200 }, popularity: { kind: 'new' } }
  ],
  strategies: ['round-robin', 'random', 'rendezvous', 'least-loaded', 'hot-cold', 'bounded-load(presence(rendezvous))', 'bounded-load(presence(rendezvous), least=8)', 'two-choices(peak-ewma)', 'peak-ewma']
}
