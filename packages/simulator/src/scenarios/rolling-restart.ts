import type { Scenario } from '../scenario/schema.ts'

/** Nodes that restart in turn, each with an empty cache. */
export const rollingRestart: Scenario = {
  name: 'rolling-restart',
  title: 'Four nodes are restarted one after the other, each with an empty cache. What does that cost?',
  duration: 600_000,
  buckets: 120,
  members: [1, 2, 3, 4].map(i => ({
    id: `node-${i}`,
    workers: 16,
    service: { kind: 'lognormal', median: 60, sigma: 0.4 },
    cache: { blocks: 2500, hit: { kind: 'lognormal', median: 4, sigma: 0.4 } },
    phases: [{ from: 120_000 + i * 60_000, to: 140_000 + i * 60_000, down: true, cold: true }]
  })),
  clients: [
    { id: 'peer', count: 20, arrivals: { kind: 'poisson', rate: 200 }, popularity: { kind: 'zipf', blocks: 10_000, s: 0.8 } }
  ],
  strategies: ['round-robin', 'peak-ewma', 'rendezvous', 'bounded-load(presence(rendezvous), least=0)', 'bounded-load(presence(rendezvous))']
}
