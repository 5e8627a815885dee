import type { Scenario } from '../scenario/schema.ts'

export const slowNode: Scenario = {
  name: 'slow-node',
  title: 'One of four nodes takes eight times as long. Who notices?',
  about: 'Blocks nobody asked for before, so that nothing is cached or coalesced; a fifth of what the healthy nodes can do.',
  duration: 300_000,
  warmup: 30_000,
  members: [
    { id: 'node', count: 3, workers: 16, service: { kind: 'lognormal', median: 20, sigma: 0.4 }, network: 1 },
    { id: 'slow', workers: 16, service: { kind: 'lognormal', median: 160, sigma: 0.4 }, network: 1 }
  ],
  upstream: [
    { id: 'peer', count: 20, arrivals: { kind: 'poisson', rate: 200 }, popularity: { kind: 'new' } }
  ],
  strategies: ['round-robin', 'rendezvous', 'least-loaded', 'peak-ewma', 'bounded-load(rendezvous)', 'bounded-load(peak-ewma)']
}
