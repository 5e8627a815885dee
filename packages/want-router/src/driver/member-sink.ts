import { UNVERIFIABLE } from './verifier.ts'
import type { Observer } from './observer.ts'
import type { Offers } from './offers.ts'
import type { Verify } from './verifier.ts'
import type { Engine, Input } from '../engine/io.ts'
import type { Sink } from '../targets/target.ts'
import type { WantKey } from '@kitsune/bitswap-codec'

/** Where the reports of one member go. */
export interface MemberSinkInit {
  /** The member's id. */
  readonly member: string
  readonly engine: Pick<Engine, 'expects' | 'isWanted'>
  readonly verify: Verify
  readonly observer: Observer
  readonly offers: Offers
  /** Nothing is reported any more, neither to the application nor to the engine: another member may have taken the name. */
  isClosed (): boolean
  put (input: Input): void
}

/** What a member's target reports to: it says so to the engine, and to the application what an operator should know. */
export function createMemberSink (init: MemberSinkInit): Sink {
  const { member, engine, verify, observer, offers, isClosed } = init

  function put (input: Input): void {
    if (!isClosed()) {
      init.put(input)
    }
  }

  function deliver (key: WantKey, prefix: Uint8Array, bytes: Uint8Array): void {
    if (offers.open && engine.isWanted(key)) {
      offers.add(member, key, prefix, bytes)
    }

    put({ t: 'block', member, key, bytes })
  }

  return {
    up (capacity, peer) {
      put({ t: 'up', member, capacity, peer })
    },

    down (why) {
      if (why != null && !isClosed()) {
        observer.down(member, why)
      }

      put({ t: 'down', member, why: why?.message })
    },

    load (pendingBytes) {
      put({ t: 'load', member, pendingBytes })
    },

    answer (key, answer, why, size) {
      if (answer === 'failed' && !isClosed()) {
        observer.failed(member, why ?? new Error('failed, and did not say why'))
      }

      put(size == null ? { t: 'answer', member, key, answer, why: why?.message } : { t: 'answer', member, key, answer, size })
    },

    report (why) {
      if (!isClosed()) {
        observer.reported(member, why)
      }
    },

    block (prefix, bytes, verified) {
      // blocks that were not asked for are not even hashed
      const key: WantKey | Promise<WantKey> = !isClosed() && engine.expects(member, prefix) ? verify(prefix, bytes) : UNVERIFIABLE

      if (typeof key === 'string') {
        deliver(key, prefix, bytes)
        verified?.(key)

        return
      }

      return key.then(key => {
        deliver(key, prefix, bytes)
        verified?.(key)
      })
    }
  }
}
