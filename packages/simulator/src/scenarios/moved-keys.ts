import type { Scenario } from '../scenario/schema.ts'

/** A node leaves, and other nodes must fill their caches. */
export const movedKeys: Scenario = {
  name: 'moved-keys',
  title: 'One of ten nodes leaves. For how many blocks is a different node asked than before?',
  about: 'A tenth must move, because their node is gone. All other blocks that move find a cold cache unnecessarily.',
  duration: 120_000,
  members: [
    { id: 'node', count: 9 },
    { id: 'leaver', phases: [{ from: 60_000, down: true }] }
  ],
  clients: [
    { id: 'peer', count: 20, arrivals: { kind: 'poisson', rate: 400 }, popularity: { kind: 'uniform', blocks: 4096 } }
  ],
  moves: 60_000,
  strategies: ['modulo', 'rendezvous', 'maglev']
}
