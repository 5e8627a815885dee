import type { Scenario } from '../scenario/schema.ts'

/** A node that fails step by step, and returns. */
export const dying: Scenario = {
  name: 'dying',
  title: 'A node gets slower and slower, hangs, goes down, and comes back. How does that affect the wants?',
  duration: 600_000,
  buckets: 120,
  members: [
    { id: 'node', count: 3, workers: 16, service: { kind: 'lognormal', median: 20, sigma: 0.4 } },
    {
      id: 'dying',
      workers: 16,
      service: { kind: 'lognormal', median: 20, sigma: 0.4 },
      phases: [
        { from: 120_000, to: 180_000, slow: 4 },
        { from: 180_000, to: 240_000, slow: 20 },
        { from: 240_000, to: 300_000, stalled: true },
        { from: 300_000, to: 420_000, down: true }
      ]
    }
  ],
  clients: [
    { id: 'peer', count: 20, arrivals: { kind: 'poisson', rate: 100 }, popularity: { kind: 'new' } }
  ],
  strategies: ['round-robin', 'rendezvous', 'least-loaded', 'hot-cold', 'peak-ewma', 'bounded-load(presence(rendezvous))']
}
