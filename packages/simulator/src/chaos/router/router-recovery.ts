import { broken } from '../errors.ts'
import { printKey } from '../scenario/blocks.ts'
import type { LocalCaller } from './local-caller.ts'
import type { RouterPeer } from './router-peer.ts'
import type { RouterWorld } from './router-world.ts'

interface RouterRecoveryInit {
  readonly world: RouterWorld
  readonly nodes: readonly RouterPeer[]
  readonly clients: readonly RouterPeer[]
  readonly callers: readonly LocalCaller[]
  /** Time passes, and what happens in it breaks no invariant. */
  pass (ms: number): Promise<void>
}

// until everything is served that can be when all faults have ended, ms: ejections, and rests before a want is asked again
const RECOVERY = 300_000
// how often what is still missing is asked for again, ms
const AGAIN = 5000

/** All faults have ended: all that some peer of the other side holds is served, and all calls end. */
export async function expectRecovery ({ world, nodes, clients, callers, pass }: RouterRecoveryInit): Promise<void> {
  const peers = [...nodes, ...clients]
  const missing = (): string[] => [...nodes.flatMap(peer => missingOf(peer, clients)), ...clients.flatMap(peer => missingOf(peer, nodes))]
  const open = (): string[] => callers.flatMap(({ open }) => open.map(what => `${what} has not ended`))

  for (let waited = 0; missing().length + open().length > 0; waited += AGAIN) {
    if (waited > RECOVERY) {
      broken(missing().length > 0 ? 'lost' : 'local', `${[...missing(), ...open()].join(', ')}, ${waited} ms after the last fault`)
    }

    // one may have been closed
    clients.forEach(client => { world.connect(client) })
    peers.forEach(peer => { peer.sendAll() })
    await pass(AGAIN)
  }
}

/** What a peer waits for that some of the others hold, in words. */
export function missingOf (peer: RouterPeer, others: readonly RouterPeer[]): string[] {
  return peer.missing
    .filter(key => others.some(other => other.holds.has(key)))
    .map(key => `the ${peer.side} ${peer.id} still waits for ${printKey(key)}`)
}
