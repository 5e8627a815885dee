import type { Scenario } from '../scenario/schema.ts'

/** So few nodes that two choices at random are often both slow. */
export const fewNodes: Scenario = {
  name: 'p2c-few-nodes',
  title: 'Two of four nodes are slow. Is it enough to compare two at random?',
  about: 'Two choices at random are both slow in one case of six, which is far more than the slowest hundredth. The members are those of slow-node, but two of them slow.',
  duration: 120_000,
  warmup: 20_000,
  members: [
    { id: 'node', count: 2, workers: 16, service: { kind: 'lognormal', median: 20, sigma: 0.25 } },
    { id: 'slow', count: 2, workers: 16, service: { kind: 'lognormal', median: 200, sigma: 0.25 } }
  ],
  clients: [
    { id: 'peer', count: 20, arrivals: { kind: 'poisson', rate: 200 }, popularity: { kind: 'new' } }
  ],
  strategies: ['round-robin', 'least-loaded', 'hot-cold', 'two-choices(peak-ewma)', 'peak-ewma']
}
