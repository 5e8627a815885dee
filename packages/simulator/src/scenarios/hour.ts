import type { Scenario } from '../scenario/schema.ts'

/** A long run with faults of several kinds, near what a gateway sees. */
export const hour: Scenario = {
  name: 'hour',
  title: 'An hour of a busy gateway: ten nodes, a million wants.',
  about: 'Caches that hold a tenth of the catalogue each, one node slow for ten minutes, one restarted.',
  duration: 3_600_000,
  warmup: 300_000,
  buckets: 120,
  members: [
    { id: 'node', count: 8, workers: 16, service: { kind: 'lognormal', median: 60, sigma: 0.6 }, cache: { blocks: 10_000, hit: 4 } },
    {
      id: 'slow',
      workers: 16,
      service: { kind: 'lognormal', median: 60, sigma: 0.6 },
      cache: { blocks: 10_000, hit: 4 },
      phases: [{ from: 1_200_000, to: 1_800_000, slow: 5 }]
    },
    {
      id: 'restarted',
      workers: 16,
      service: { kind: 'lognormal', median: 60, sigma: 0.6 },
      cache: { blocks: 10_000, hit: 4 },
      phases: [{ from: 2_400_000, to: 2_460_000, down: true, cold: true }]
    }
  ],
  clients: [
    { id: 'peer', count: 100, arrivals: { kind: 'poisson', rate: 280 }, popularity: { kind: 'zipf', blocks: 100_000, s: 0.9 } }
  ],
  strategies: ['round-robin', 'peak-ewma', 'rendezvous', 'bounded-load(presence(rendezvous), least=0)', 'bounded-load(presence(rendezvous))']
}
