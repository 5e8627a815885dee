import type { Scenario } from '../scenario/schema.ts'

/** A node that misses every block, and answers DONT_HAVE faster than others serve. */
export const blackHole: Scenario = {
  name: 'black-hole',
  title: 'One of four nodes is empty and says so within a millisecond. Which strategies keep asking it?',
  about: 'A DONT_HAVE is not a failure, so ejection does not help; and since every want is for a new block, earlier answers do not help either.',
  duration: 120_000,
  warmup: 20_000,
  members: [
    { id: 'node', count: 3, workers: 16, service: { kind: 'lognormal', median: 20, sigma: 0.4 } },
    { id: 'empty', holds: 0, presence: 0.5, network: 0.5 }
  ],
  clients: [
    { id: 'peer', count: 20, arrivals: { kind: 'poisson', rate: 400 }, popularity: { kind: 'new' } }
  ],
  strategies: ['round-robin', 'rendezvous', 'least-loaded', 'hot-cold', 'peak-ewma', 'presence(round-robin)', 'presence(least-loaded)', 'presence(peak-ewma)', 'bounded-load(rendezvous)', 'bounded-load(presence(rendezvous))']
}
