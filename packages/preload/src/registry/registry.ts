import type { CID } from 'multiformats/cid'

/**
 * The open requests of several processes with one public identity: workers, or machines behind
 * one TCP balancer. The HTTP request of a client and its libp2p connection may arrive at
 * different ones, so each process knows the requests that are open at the others, and asks its
 * own clients for their blocks.
 */
export interface Registry {
  /**
   * Announces a request to the other processes. Resolves when those that live have received it,
   * or after 250 ms, so that the request is open everywhere before a member is asked. Without a
   * connection to the others it resolves at once, and they receive it later.
   */
  open (request: SharedRequest): Promise<RegisteredRequest>
  /**
   * Calls `serve` for each request of another process, present or future, until the result is called; what `serve`
   * returns is closed when the request ends.
   */
  follow (serve: (request: SharedRequest, report: Report) => Serving): () => void
  status (): RegistryStatus
  /** Calls whenever the other processes become reachable or unreachable, until the result is called. */
  onChange (listener: (status: RegistryStatus) => void): () => void
  /** Tells the others that this process has gone. */
  stop (): void
}

/** A request as the other processes know it. */
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
  /** Blocks that these have sent, without those of processes that have gone. */
  readonly blocks: number
  /** Whether these have been asked for blocks that have not arrived, as far as is known. */
  readonly waits: boolean
  /** Why it has failed, once another process has reported that. */
  readonly error: Error | undefined
  /** The other processes report something: new peers, blocks, or why the request has failed. */
  onReport: ((error?: Error) => void) | undefined
  close (): void
}

/** What a process that serves a request reports to the process where it is open. */
export interface Report {
  /** A client of the request is connected here. */
  peer (peer: string): void
  /** A client has sent a block. */
  block (): void
  /** The request has exceeded a limit; a `TooManyRequestsError` says when the client may come back. */
  failed (error: Error): void
}

/** What a process does for a request of another process. */
export interface Serving {
  /** Whether its clients have been asked for blocks that have not arrived. */
  readonly waits: boolean
  close (): void
}

/** The state of a registry. */
export interface RegistryStatus {
  /** Whether the other processes can be reached. */
  readonly connected: boolean
  /** Other processes that have sent a message within the last seconds. */
  readonly processes: number
  /** Their open requests. */
  readonly requests: number
}
