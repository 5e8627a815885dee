import { networkOf } from '@kitsune/want-router/http'
import { createMissingLinks } from '../refs/missing-links.ts'
import type { Registry, Report, SharedRequest } from './registry.ts'
import type { ConnectedPeers } from '../clients/connected-peers.ts'
import type { PreloadLimits } from '../defaults.ts'
import type { Gate } from '../gate/gate.ts'
import type { Passage } from '../gate/passage.ts'
import type { HourlyBytes } from '../refs/hourly-bytes.ts'
import type { MissingLinks, ReadBlock } from '../refs/missing-links.ts'
import type { Timers } from '../timers.ts'

interface RemoteRequestsInit {
  readonly registry: Registry
  readonly gate: Gate
  readonly peers: ConnectedPeers
  register (peer: string): () => void
  readonly read: ReadBlock
  readonly limits: PreloadLimits
  readonly timers: Timers
  readonly hourly: HourlyBytes
  /** Clients of another request are connected here, until the result is called. */
  onServe (): () => void
  /** Called for each request of another process that has ended, if a client was asked for it. */
  onEnd (end: RemoteEnd): void
}

/** What was done for a request of another process. */
export interface RemoteEnd {
  readonly roots: readonly string[]
  readonly address: string
  /** Peers that were asked for the blocks. */
  readonly peers: readonly string[]
  /** What they have sent. */
  readonly blocks: number
  readonly bytes: number
  readonly ms: number
}

/** Requests of other processes. */
export interface RemoteRequests {
  /** How many of them have clients that are connected here. */
  readonly serving: number
}

/**
 * Opens the gate for the requests of other processes, and asks clients that are connected here
 * for their blocks: members send their wants to each process.
 */
export function serveRemoteRequests (init: RemoteRequestsInit): RemoteRequests {
  let serving = 0

  init.registry.follow((request, report) => {
    let served: (() => void) | undefined
    const open = new RemoteRequest(init, request, report, () => {
      serving++
      served = init.onServe()
    })

    return {
      get waits () { return open.waits },

      close () {
        const end = open.close()

        if (served != null) {
          serving--
          init.onEnd(end)
          served()
        }
      }
    }
  })

  return { get serving () { return serving } }
}

/** How long to read a block that perhaps no member has, ms. */
const READ_TIME = 2000

class RemoteRequest {
  readonly #init: RemoteRequestsInit
  readonly #request: SharedRequest
  readonly #report: Report
  /** By peer: the function that ends its registration. */
  readonly #asked = new Map<string, () => void>()
  readonly #ending = new AbortController()
  readonly #started: number
  readonly #passage: Passage
  readonly #missing: MissingLinks
  readonly #stopWatching: () => void
  #blocks = 0
  #bytes = 0

  /** `serving`: its first client was found here. */
  constructor (init: RemoteRequestsInit, request: SharedRequest, report: Report, serving: () => void) {
    const { gate, peers, read, limits, timers } = init
    this.#init = init
    this.#request = request
    this.#report = report
    this.#started = timers.now()
    this.#passage = gate.open({
      roots: request.roots,
      maxDepth: request.maxDepth,
      progress: ({ bytes }) => { this.#received(bytes.byteLength) },
      unknown: () => {
        if (this.#asked.size > 0) {
          this.#missing.read()
        }
      },
      failed: error => { report.failed(error) }
    })
    // no member lists here what it has
    this.#missing = createMissingLinks({ passage: this.#passage, read: brief(read, timers), walk: true, signal: this.#ending.signal, wait: limits.linkWait, now: timers.now })
    request.roots.forEach(cid => { this.#missing.know({ cid, path: [] }) })

    const review = (): void => {
      const before = this.#asked.size
      this.#review()

      if (before === 0 && this.#asked.size > 0) {
        serving()
      }
    }

    review()
    this.#stopWatching = peers.onConnect(review)
  }

  get waits (): boolean {
    return this.#passage.waits
  }

  close (): RemoteEnd {
    const { timers } = this.#init
    this.#stopWatching()
    this.#ending.abort()
    this.#passage.close()
    this.#asked.forEach(unregister => { unregister() })
    const { roots, address } = this.#request

    return { roots: roots.map(String), address, peers: [...this.#asked.keys()], blocks: this.#blocks, bytes: this.#bytes, ms: timers.now() - this.#started }
  }

  #received (bytes: number): void {
    this.#blocks++
    this.#bytes += bytes
    this.#report.block()
    const { hourly } = this.#init
    const spent = hourly.add(networkOf(this.#request.address), bytes)

    if (spent != null) {
      this.#report.failed(spent)
    }
  }

  #review (): void {
    const { peers, register, hourly } = this.#init

    for (const peer of peers.find(this.#request)) {
      const spent = hourly.spent(networkOf(this.#request.address))

      if (spent != null) {
        this.#report.failed(spent)

        return
      }

      if (!this.#asked.has(peer)) {
        this.#asked.set(peer, register(peer))
        this.#passage.addClient(peer)
        this.#report.peer(peer)
      }
    }
  }
}

/** Ends a read after a while, since perhaps no member has the block. */
function brief (read: ReadBlock, { after }: Timers): ReadBlock {
  return async (cid, signal) => {
    const late = new AbortController()
    const cancel = after(READ_TIME, () => { late.abort() })

    try {
      return await read(cid, AbortSignal.any([signal, late.signal]))
    } finally {
      cancel()
    }
  }
}
