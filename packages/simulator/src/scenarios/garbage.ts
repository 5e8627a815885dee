import type { Scenario } from '../scenario/schema.ts'

export const garbage: Scenario = {
  name: 'garbage',
  title: 'One client asks only for what nobody has. Do the others notice?',
  about: 'Each block is at two of the four nodes. Every want of the crawler is lacked by all; that must not be held against anybody.',
  duration: 120_000,
  warmup: 20_000,
  copies: 2,
  members: [
    { id: 'node', count: 4, workers: 16, service: { kind: 'lognormal', median: 20, sigma: 0.4 } }
  ],
  upstream: [
    { id: 'peer', count: 20, arrivals: { kind: 'poisson', rate: 200 }, popularity: { kind: 'new' } },
    { id: 'crawler', arrivals: { kind: 'poisson', rate: 200 }, popularity: { kind: 'absent' } }
  ],
  strategies: ['round-robin', 'least-loaded', 'rendezvous', 'presence(rendezvous)', 'presence(peak-ewma)']
}
