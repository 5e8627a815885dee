import { coldCaches } from './cold-caches.ts'
import type { Scenario } from '../scenario/schema.ts'

/** {@link coldCaches} under ten times the load: locality against bounded load. */
export const busyCaches: Scenario = {
  ...coldCaches,
  name: 'busy-caches',
  title: 'The same four caches, with ten times the wants. How much may one node have in flight before its blocks go elsewhere?',
  about: 'A hit takes 4 ms, a miss 60, and each node serves 16 wants at once: if a bound sends wants to a second node for blocks that the first has cached, each costs a miss and avoids no queue.',
  duration: 120_000,
  warmup: 40_000,
  clients: [
    { id: 'peer', count: 20, arrivals: { kind: 'poisson', rate: 2000 }, popularity: { kind: 'zipf', blocks: 10_000, s: 1 } }
  ],
  strategies: ['round-robin', 'rendezvous', 'bounded-load(presence(rendezvous), least=0)', 'bounded-load(presence(rendezvous))', 'bounded-load(presence(rendezvous), least=8)', 'bounded-load(presence(rendezvous), least=16)']
}
