import type { Scenario } from '../scenario/schema.ts'

/** Small and large blocks at nodes whose bandwidth is scarce. */
export const mixedSizes: Scenario = {
  name: 'mixed-sizes',
  title: 'Most blocks are tiny, most bytes are in large ones. Which load counts?',
  about: 'Each node sends 20 MB/s, of which two thirds are used; bytes queue, not wants.',
  duration: 120_000,
  warmup: 20_000,
  sizes: {
    kind: 'mixture',
    parts: [
      { share: 0.7, of: 1024 },
      { share: 0.2, of: 65_536 },
      { share: 0.1, of: 1_048_576 }
    ]
  },
  members: [
    { id: 'node', count: 4, service: 2, bandwidth: 20e6 }
  ],
  clients: [
    { id: 'peer', count: 40, arrivals: { kind: 'poisson', rate: 460 }, popularity: { kind: 'new' } }
  ],
  strategies: ['round-robin', 'rendezvous', 'least-loaded', 'hot-cold', 'peak-ewma', 'bounded-load(presence(rendezvous))']
}
