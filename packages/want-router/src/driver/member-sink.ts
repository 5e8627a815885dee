import { MAX_FRAME_LENGTH } from '@kitsune/bitswap-codec'
import { checkCapacity } from '../targets/check-capacity.ts'
import { UNVERIFIABLE } from './verifier.ts'
import type { Observer } from './observer.ts'
import type { Offers } from './offers.ts'
import type { Verify } from './verifier.ts'
import type { Engine, Input } from '../engine/io.ts'
import type { Sink } from '../targets/target.ts'
import type { WantKey } from '@kitsune/bitswap-codec'

/** What a member's sink reports to. */
export interface MemberSinkInit {
  /** The member's id. */
  readonly member: string
  readonly engine: Pick<Engine, 'expects' | 'isWanted'>
  readonly verify: Verify
  readonly observer: Observer
  readonly offers: Offers
  /** Whether reports are ignored from now on: another member may have the id. */
  isClosed (): boolean
  put (input: Input): void
}

/** Makes the sink that a member's target reports to: it tells the engine, and tells the application what an operator should know. */
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

  function goDown (why: Error | undefined): void {
    if (why != null && !isClosed()) {
      observer.down(member, why)
    }

    put({ t: 'down', member, why: why?.message })
  }

  function failed (why: Error): void {
    if (!isClosed()) {
      observer.failed(member, why)
    }
  }

  return {
    up (capacity, peer) {
      const checked = attempt(() => checkCapacity(`member "${member}": `, capacity))

      if (checked instanceof Error) {
        // with such numbers the member could never be asked, or without limit
        failed(checked)
        goDown(checked)
      } else {
        put({ t: 'up', member, capacity: checked, peer })
      }
    },

    down: goDown,

    // NaN would spread to every sum that it enters
    load (pendingBytes) {
      if (isSize(pendingBytes)) {
        put({ t: 'load', member, pendingBytes })
      }
    },

    answer (key, answer, why, size) {
      if (answer === 'failed') {
        failed(why ?? new Error('the target failed without an error'))
      }

      put(size == null || !isSize(size, MAX_FRAME_LENGTH) ? { t: 'answer', member, key, answer, why: why?.message } : { t: 'answer', member, key, answer, size })
    },

    report (why) {
      if (!isClosed()) {
        observer.reported(member, why)
      }
    },

    block (prefix, bytes, verified) {
      // unsolicited blocks are not even hashed
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

function isSize (bytes: number, most = Infinity): boolean {
  return Number.isSafeInteger(bytes) && bytes >= 0 && bytes <= most
}

/** Returns what a check returns or throws. */
function attempt<T> (check: () => T): T | Error {
  try {
    return check()
  } catch (err) {
    return err as Error
  }
}
