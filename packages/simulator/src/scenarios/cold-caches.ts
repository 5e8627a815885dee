import type { Scenario } from '../scenario/schema.ts'

/** Nodes whose caches can hold all wanted blocks only if each caches different ones. */
export const coldCaches: Scenario = {
  name: 'cold-caches',
  title: 'Each of four nodes can cache a quarter of the wanted blocks. Do their caches add up?',
  about: 'A hit takes 4 ms, a miss 60. If any free node is asked for a block, all four cache the same blocks.',
  duration: 300_000,
  warmup: 120_000,
  members: [
    {
      id: 'node',
      count: 4,
      workers: 16,
      service: { kind: 'lognormal', median: 60, sigma: 0.4 },
      cache: { blocks: 2500, hit: { kind: 'lognormal', median: 4, sigma: 0.4 } }
    }
  ],
  clients: [
    { id: 'peer', count: 20, arrivals: { kind: 'poisson', rate: 200 }, popularity: { kind: 'zipf', blocks: 10_000, s: 0.8 } }
  ],
  strategies: ['round-robin', 'least-loaded', 'peak-ewma', 'sticky(least-loaded)', 'rendezvous', 'bounded-load(presence(rendezvous), least=0)', 'bounded-load(presence(rendezvous), least=2)', 'bounded-load(presence(rendezvous))', 'bounded-load(presence(rendezvous), least=8)']
}
