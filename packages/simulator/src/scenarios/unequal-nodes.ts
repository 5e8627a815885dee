import type { Scenario } from '../scenario/schema.ts'

/** Nodes whose weights fit their sizes. */
export const unequalNodes: Scenario = {
  name: 'unequal-nodes',
  title: 'Nodes of different sizes, with weights to match. Does each get its share?',
  duration: 120_000,
  warmup: 20_000,
  members: [
    { id: 'large', weight: 4, workers: 16, service: { kind: 'exponential', mean: 20 } },
    { id: 'middle', weight: 2, workers: 8, service: { kind: 'exponential', mean: 20 } },
    { id: 'small', count: 2, workers: 4, service: { kind: 'exponential', mean: 20 } }
  ],
  clients: [
    { id: 'peer', count: 40, arrivals: { kind: 'poisson', rate: 1000 }, popularity: { kind: 'new' } }
  ],
  strategies: ['round-robin', 'random', 'rendezvous', 'maglev', 'least-loaded', 'hot-cold', 'peak-ewma', 'bounded-load(presence(rendezvous))']
}
