import type { Secret } from './secret.ts'

/** A node to balance over, as configured. Safe to print: secrets mask themselves. */
export interface DownstreamConfig {
  /**
   * The configured name, or else the address as written, without its credentials.
   * It is stable across restarts and equal on all replicas, which therefore rank alike.
   */
  readonly id: string
  /** `rpc`: the balancer asks it for its peer id at `/api/v0/id`; `swarm`: the balancer dials it directly. */
  readonly kind: 'rpc' | 'swarm'
  /** As written, without credentials. */
  readonly address: string
  /** Share of the work relative to the others. */
  readonly weight: number
  readonly labels: Readonly<Record<string, string>>
  /** Wants that the node accepts in one message. Default: no limit, until the node has ignored a message. */
  readonly entries?: number
  /** Value of the Authorization header for requests to the RPC. */
  readonly authorization?: Secret
  /** Path of the file that holds the credentials, if they are in a file. */
  readonly authFile?: string
}
