import type { Scenario } from '../scenario/schema.ts'

/** Want-haves at nodes that answer a few of them slowly. */
export const hedging: Scenario = {
  name: 'hedging',
  title: 'One answer of twenty takes half a second. What does asking a second node save, and what does it cost?',
  about: 'Want-haves, since only those are hedged: an answer is a few bytes, whereas a block would be sent twice.',
  duration: 120_000,
  warmup: 20_000,
  members: [
    {
      id: 'node',
      count: 4,
      presence: {
        kind: 'mixture',
        parts: [
          { share: 0.95, of: { kind: 'lognormal', median: 20, sigma: 0.4 } },
          { share: 0.05, of: 500 }
        ]
      }
    }
  ],
  clients: [
    { id: 'peer', count: 20, arrivals: { kind: 'poisson', rate: 200 }, popularity: { kind: 'new' }, type: 'have' }
  ],
  variants: {
    'not hedged': { hedgeShare: 0 },
    'hedged (default)': {},
    'hedged at 10%': { hedgeShare: 0.1 }
  },
  strategies: ['round-robin', 'rendezvous']
}
