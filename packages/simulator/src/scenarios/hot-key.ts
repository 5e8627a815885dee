import type { Scenario } from '../scenario/schema.ts'

/** Most wants are for a few blocks. */
export const hotKey: Scenario = {
  name: 'hot-key',
  title: 'Most wants are for a few blocks (Zipf, exponent 1). Which strategies spread them, and at what price to locality?',
  about: 'Ten nodes at four fifths of their capacity. Many clients want the same block at once, but the router asks for it once: a single hot block is at most one want in flight, and the many warm ones pile up.',
  duration: 120_000,
  warmup: 20_000,
  members: [
    { id: 'node', count: 10, workers: 4, service: { kind: 'exponential', mean: 20 } }
  ],
  clients: [
    { id: 'peer', count: 200, arrivals: { kind: 'poisson', rate: 2000 }, popularity: { kind: 'zipf', blocks: 10_000, s: 1 } }
  ],
  strategies: ['rendezvous', 'bounded-load(rendezvous, 2)', 'bounded-load(rendezvous, 1.5)', 'bounded-load(rendezvous, least=8)', 'bounded-load(rendezvous)', 'bounded-load(rendezvous, least=0)', 'bounded-load(rendezvous, 1.1)', 'round-robin']
}
