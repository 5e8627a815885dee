import { DEFAULT_PRELOAD_LIMITS } from '../../src/defaults.ts'
import { createGate } from '../../src/gate/gate.ts'
import { flushingGzip } from '../../src/node/gzip.ts'
import { refsHandler } from '../../src/refs/handler.ts'
import { manualClock, settle } from './clock.ts'
import type { ManualClock } from './clock.ts'
import type { PreloadLimits } from '../../src/defaults.ts'
import type { Gate } from '../../src/gate/gate.ts'
import type { RefsEnd } from '../../src/refs/end.ts'
import type { RefsHandler } from '../../src/refs/handler.ts'
import type { Ref, RefsMember } from '../../src/refs/member.ts'
import type { RefsQuery } from '../../src/refs/query.ts'
import type { Registry } from '../../src/registry/registry.ts'
import type { RemoteEnd } from '../../src/registry/remote-requests.ts'
import type { CID } from 'multiformats/cid'

/** A call of a member, whose answer a test writes. */
export interface MemberCall {
  readonly member: string
  readonly query: RefsQuery
  readonly signal: AbortSignal
  line (ref: string): void
  end (error?: Error): void
}

/** A handler among members and peers that do what a test says. */
export interface Rig {
  readonly handler: RefsHandler
  readonly gate: Gate
  readonly clock: ManualClock
  /** In the order in which they were made. */
  readonly calls: MemberCall[]
  readonly ends: RefsEnd[]
  readonly remoteEnds: RemoteEnd[]
  /** Peers that are asked, once for each registration. */
  readonly registered: string[]
  /** What members hold, by CID. */
  readonly held: Map<string, Uint8Array>
  readonly order: string[]
  connect (peer: string, address?: string): void
  post (query: string, init?: { readonly signal?: AbortSignal, readonly headers?: Record<string, string>, readonly address?: string }): Promise<Response>
}

export const ADDRESS = '192.0.2.1'

export interface RigInit {
  readonly limits?: Partial<PreloadLimits>
  readonly members?: readonly string[]
  readonly registry?: Registry
  readonly clock?: ManualClock
}

export function createRig ({ limits, members = ['a', 'b'], registry, clock = manualClock() }: RigInit = {}): Rig {
  const connected: Array<{ readonly peer: string, readonly address: string }> = []
  const listeners = new Set<() => void>()
  const gate = createGate({ limits, timers: clock })
  const rig: Rig = {
    gate,
    clock,
    calls: [],
    ends: [],
    remoteEnds: [],
    registered: [],
    held: new Map(),
    order: [...members],
    handler: refsHandler({
      members: () => rig.order.map(id => fakeMember(id, rig.calls)),
      peers: {
        find: ({ peer, address }) => {
          const named = connected.filter(one => one.peer === peer)

          return (named.length > 0 ? named : connected.filter(one => one.address === address)).map(({ peer }) => peer)
        },
        onConnect (listener) {
          listeners.add(listener)

          return () => { listeners.delete(listener) }
        }
      },
      register (peer) {
        rig.registered.push(peer)

        return () => { rig.registered.splice(rig.registered.indexOf(peer), 1) }
      },
      gate,
      read: async (cid: CID) => {
        const bytes = rig.held.get(cid.toString())

        if (bytes == null) {
          throw new Error('no member has it')
        }

        return bytes
      },
      trustedProxies: ['10.0.0.0/8'],
      limits: { ...DEFAULT_PRELOAD_LIMITS, ...limits },
      onEnd: end => { rig.ends.push(end) },
      onRemoteEnd: end => { rig.remoteEnds.push(end) },
      registry,
      gzip: flushingGzip,
      timers: clock
    }),
    connect (peer, address = ADDRESS) {
      connected.push({ peer, address })
      listeners.forEach(listener => { listener() })
    },
    post: async (query, { signal, headers, address = ADDRESS } = {}) => rig.handler(new Request(`http://x/api/v0/refs?${query}`, { method: 'POST', headers, signal }), { address })
  }

  return rig
}

function fakeMember (id: string, calls: MemberCall[]): RefsMember {
  return {
    id,
    async * refs (query, signal): AsyncGenerator<Ref> {
      const lines: string[] = []
      let ended: { readonly error?: Error } | undefined
      let wake = (): void => {}
      const changed = async (): Promise<void> => new Promise(resolve => { wake = resolve })
      signal.addEventListener('abort', () => { wake() })
      calls.push({
        member: id,
        query,
        signal,
        line (ref) {
          lines.push(ref)
          wake()
        },
        end (error) {
          ended = { error }
          wake()
        }
      })

      for (;;) {
        signal.throwIfAborted()
        const ref = lines.shift()

        if (ref != null) {
          yield { ref }
        } else if (ended == null) {
          await changed()
        } else if (ended.error != null) {
          throw ended.error
        } else {
          return
        }
      }
    }
  }
}

/** The body of an answer, and whether it was broken off. */
export async function readAll (response: Response): Promise<{ readonly refs: string[], readonly error?: Error }> {
  let text = ''
  let error: Error | undefined

  try {
    for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      text += chunk
    }
  } catch (err) {
    error = err as Error
  }

  return { refs: text.split('\n').filter(line => line !== '').map(line => JSON.parse(line).Ref), error }
}

export { settle }
