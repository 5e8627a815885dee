import type { WarnMissing } from '../warn.ts'
import type { Libp2p, PeerId } from '@libp2p/interface'

type Release = () => void
type TakeLock = (peer: PeerId) => Promise<Release>

/** The locks of libp2p's peer store, which are not part of its interface. */
interface LockingStore {
  store?: { getReadLock?: TakeLock, getWriteLock?: TakeLock }
}

/**
 * Gives a host's peer store its own locks. libp2p takes them from a map that all hosts of a process share by the name
 * of the peer, the host itself included. A request of a Worker that ends while it waits for a lock would never
 * release it, and every later request with the same identity would hang.
 */
export function ownLocks (host: Libp2p, warnMissing: WarnMissing): void {
  const { store } = host.peerStore as unknown as LockingStore

  if (typeof store?.getReadLock !== 'function' || typeof store.getWriteLock !== 'function') {
    warnMissing('libp2p', 'store.getReadLock or getWriteLock of the peer store', 'requests of one Worker may wait for each other')

    return
  }

  const last = new Map<string, Promise<void>>()

  store.getReadLock = store.getWriteLock = async peer => {
    const key = peer.toString()
    const before = last.get(key)
    let release: Release = () => {}
    const released = new Promise<void>(resolve => { release = resolve })
    last.set(key, released)
    await before

    return () => {
      release()

      if (last.get(key) === released) {
        last.delete(key)
      }
    }
  }
}
