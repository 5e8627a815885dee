import type { Scenario } from '../scenario/schema.ts'

const NODES = 6

/** Nodes whose load comes mostly from clients that the router does not see. */
export const hiddenLoad: Scenario = {
  name: 'hidden-load',
  title: 'The nodes also serve others, whose load peak moves from node to node. Which strategies avoid it?',
  about: 'Most of the work of a node is for other clients, so our wants in flight say little about how busy it is. Each node in turn is asked for more than it can do, for twenty seconds.',
  duration: 240_000,
  buckets: 120,
  members: Array.from({ length: NODES }, (_, i) => ({
    id: `node-${i + 1}`,
    workers: 8,
    service: { kind: 'lognormal', median: 20, sigma: 0.4 },
    others: 200,
    phases: [{ from: i * 20_000, to: (i + 1) * 20_000, every: NODES * 20_000, others: 380 }]
  })),
  clients: [
    { id: 'peer', count: 20, arrivals: { kind: 'poisson', rate: 100 }, popularity: { kind: 'new' } }
  ],
  strategies: ['round-robin', 'rendezvous', 'least-loaded', 'bounded-load(presence(rendezvous))', 'hot-cold', 'peak-ewma']
}
