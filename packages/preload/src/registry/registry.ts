import type { CID } from 'multiformats/cid'

/**
 * The open requests of several processes with one public identity: workers, or machines
 * behind one TCP balancer. The HTTP request of a client and its libp2p connection may
 * arrive at different ones, so each process is told what is open at the others, and has
 * its own clients serve that.
 */
export interface Registry {
  /**
   * Tells the other processes of a request. Resolves when those that live have heard of it, or after 250 ms, so that
   * a member which is asked after that finds it open everywhere. Without a connection to the others it resolves at
   * once, and they hear of it later.
   */
  open (request: SharedRequest): Promise<RegisteredRequest>
  /**
   * Calls `serve` for each request of another process, present or future, until the result is called; what `serve`
   * returns is called when the request ends.
   */
  follow (serve: (request: SharedRequest, report: Report) => () => void): () => void
  status (): RegistryStatus
  /** Calls when the other processes can be reached again, or no more, until the result is called. */
  onChange (listener: (status: RegistryStatus) => void): () => void
  /** Tells the others that this process has gone. */
  stop (): void
}

/** What the processes tell each other of a request. */
export interface SharedRequest {
  readonly roots: readonly CID[]
  /** How far below a root links are followed; -1: without end. */
  readonly maxDepth: number
  /** Who asks: the peer id that it says it has, and its address. */
  readonly peer: string | undefined
  readonly address: string
}

/** A request of this process, as the others see it. */
export interface RegisteredRequest {
  /** Clients of it that are connected to other processes. */
  readonly peers: readonly string[]
  /** Blocks that these have sent, as far as their processes live. */
  readonly blocks: number
  /** Why it cannot go on, once another process has reported that. */
  readonly error: Error | undefined
  /** The other processes report something: new peers, blocks, or why the request cannot go on. */
  onReport: ((error?: Error) => void) | undefined
  close (): void
}

/** What a process that serves a request tells the one where it is open. */
export interface Report {
  /** A client of the request is connected here. */
  peer (peer: string): void
  /** A client has sent a block. */
  block (): void
  /** The request took more than it may; a `TooManyRequestsError` says when to come back. */
  failed (error: Error): void
}

/** What can be seen of a registry. */
export interface RegistryStatus {
  /** Whether the other processes can be reached. */
  readonly connected: boolean
  /** Other processes that have shown within the last seconds that they live. */
  readonly processes: number
  /** Their open requests. */
  readonly requests: number
}
