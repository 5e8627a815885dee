import type { Scenario } from '../scenario/schema.ts'

/** A node that goes down and comes up again and again. */
export const flapping: Scenario = {
  name: 'flapping',
  title: 'A node loses its connection every fifteen seconds. Is it worth asking?',
  duration: 300_000,
  members: [
    { id: 'node', count: 3, workers: 16, service: { kind: 'lognormal', median: 20, sigma: 0.4 } },
    {
      id: 'flapping',
      workers: 16,
      service: { kind: 'lognormal', median: 20, sigma: 0.4 },
      phases: [{ from: 60_000, to: 62_000, every: 15_000, down: true }]
    }
  ],
  clients: [
    { id: 'peer', count: 20, arrivals: { kind: 'poisson', rate: 100 }, popularity: { kind: 'new' } }
  ],
  strategies: ['round-robin', 'rendezvous', 'least-loaded', 'hot-cold', 'peak-ewma', 'bounded-load(presence(rendezvous))']
}
