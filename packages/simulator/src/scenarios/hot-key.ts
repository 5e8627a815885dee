import type { Scenario } from '../scenario/schema.ts'

export const hotKey: Scenario = {
  name: 'hot-key',
  title: 'A few blocks are most of what is wanted (Zipf, exponent 1). Who spreads them, and at what price to locality?',
  about: 'Ten nodes at four fifths of what they can do together. Many peers want the same block at once: the router asks for it once, so a single hot block is at most one want in flight, and it is the many warm ones that pile up.',
  duration: 120_000,
  warmup: 20_000,
  members: [
    { id: 'node', count: 10, workers: 4, service: { kind: 'exponential', mean: 20 } }
  ],
  upstream: [
    { id: 'peer', count: 200, arrivals: { kind: 'poisson', rate: 2000 }, popularity: { kind: 'zipf', blocks: 10_000, s: 1 } }
  ],
  strategies: ['rendezvous', 'bounded-load(rendezvous, 2)', 'bounded-load(rendezvous, 1.5)', 'bounded-load(rendezvous, least=8)', 'bounded-load(rendezvous)', 'bounded-load(rendezvous, least=0)', 'bounded-load(rendezvous, 1.1)', 'round-robin']
}
