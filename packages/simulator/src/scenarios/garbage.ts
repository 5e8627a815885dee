import type { Scenario } from '../scenario/schema.ts'

/** A client that wants only blocks that no node holds, beside honest ones. */
export const garbage: Scenario = {
  name: 'garbage',
  title: 'One client wants only blocks that no node has. Do the others notice?',
  about: 'Each block is at two of the four nodes. All nodes answer DONT_HAVE to every want of the crawler; that must not count against any of them.',
  duration: 120_000,
  warmup: 20_000,
  copies: 2,
  members: [
    { id: 'node', count: 4, workers: 16, service: { kind: 'lognormal', median: 20, sigma: 0.4 } }
  ],
  clients: [
    { id: 'peer', count: 20, arrivals: { kind: 'poisson', rate: 200 }, popularity: { kind: 'new' } },
    { id: 'crawler', arrivals: { kind: 'poisson', rate: 200 }, popularity: { kind: 'absent' } }
  ],
  strategies: ['round-robin', 'least-loaded', 'rendezvous', 'presence(rendezvous)', 'presence(peak-ewma)']
}
