import { ACCEPT_QUEUE } from '@kitsune/host/http'
import { connectedPeers, createGate, memberRanking, refsHandler } from '@kitsune/preload'
import { flushingGzip, kuboRefs, refsServer } from '@kitsune/preload/node'
import { peerIdFromString } from '@libp2p/peer-id'
import { createPreloadMetrics } from './admin/preload-metrics.ts'
import { StartError } from './errors.ts'
import { reasonOf } from './listen-error.ts'
import { perRpcNode } from './rpc-nodes.ts'
import type { BalancerConfig } from './config/config.ts'
import type { BalancerLimits } from './config/limits.ts'
import type { Log } from './log/log.ts'
import type { Nodes } from './nodes.ts'
import type { Gate, RefsEnd, Registry as PreloadRegistry, RemoteEnd } from '@kitsune/preload'
import type { StrategyFactory, WantRouter } from '@kitsune/want-router'
import type { Libp2p } from '@libp2p/interface'
import type { AddressInfo } from 'node:net'
import type { Registry } from 'prom-client'

interface PreloadInit {
  readonly config: NonNullable<BalancerConfig['preload']>
  readonly limits: BalancerLimits['preload']
  /** Proxies whose X-Forwarded-For is believed. */
  readonly trustedProxies: readonly string[]
  readonly upstream: Libp2p<{ router: WantRouter }>
  /** The gate whose policy the router's reverse direction has. */
  readonly gate: Gate
  readonly nodes: Pick<Nodes, 'find'>
  readonly strategy: StrategyFactory
  /** The requests of other processes with the same identity, if there are any. */
  readonly requests: PreloadRegistry | undefined
  readonly registry: Registry
  readonly log: Log
}

/** A running server of /api/v0/refs. */
export interface PreloadServer {
  /** `http://host:port` */
  readonly url: string
  /** Refuses new requests, and resolves when the others have ended or the signal aborts. */
  drain (signal?: AbortSignal): Promise<void>
  stop (): Promise<void>
}

/** Creates the gate that lets nodes ask clients; undefined for a balancer without preload. */
export function createPreloadGate ({ preload }: BalancerConfig): Gate | undefined {
  return preload == null ? undefined : createGate()
}

/**
 * Serves /api/v0/refs.
 *
 * @throws {StartError} the server cannot listen on the address
 */
export async function startPreload ({ config, limits, trustedProxies, upstream, gate, nodes, strategy, requests, registry, log }: PreloadInit): Promise<PreloadServer> {
  const { router } = upstream.services
  const reader = router.client('preload')
  const metrics = createPreloadMetrics(registry)
  const handler = refsHandler({
    members: memberRanking({ router, strategy, find: perRpcNode(nodes, kuboRefs) }),
    peers: connectedPeers(upstream),
    register: peer => router.reverse?.register(peerIdFromString(peer)) ?? (() => {}),
    gate,
    read: async (cid, signal) => reader.get(cid, { signal }),
    gzip: flushingGzip,
    trustedProxies,
    limits,
    registry: requests,
    onEnd (end) {
      metrics.ended(end)
      logEnd(log, end)
    },
    onRemoteEnd (end) {
      metrics.remoteEnded(end)
      logRemoteEnd(log, end)
    }
  })
  metrics.watch(() => ({ ...handler.status(), ...gate.status() }))
  const server = refsServer(handler)

  await new Promise<void>((resolve, reject) => {
    server.once('error', err => { reject(new StartError(`preload: cannot listen on ${config.host}:${config.port}: ${reasonOf(err.message)}; choose another port with -p`)) })
    server.listen({ port: config.port, host: config.host, backlog: ACCEPT_QUEUE }, resolve)
  })
  const { address, family, port } = server.address() as AddressInfo

  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`,
    drain: async signal => { await handler.drain(signal) },
    stop: async () => {
      await new Promise<void>(resolve => {
        server.close(() => { resolve() })
        server.closeAllConnections()
      })
    }
  }
}

function logEnd (log: Log, { roots, address, peers, remotePeers, outcome, error, member, blocks, bytes, ms }: RefsEnd): void {
  const fields = { event: 'preload', roots, address, peers, remotePeers, outcome, error, node: member, blocks, bytes, ms: Math.round(ms) }
  const what = `preload of ${roots.join(', ')} for ${address}`
  const elsewhere = remotePeers.length === 0 ? '' : ', and what its clients at other processes sent,'
  const took = `${blocks} blocks, ${bytes} bytes${elsewhere} in ${Math.round(ms)} ms`

  if (outcome === 'complete') {
    log.info(`${what}: complete at ${member}; ${took}`, fields)
  } else {
    log.info(`${what}: ${outcome}${error == null ? '' : `: ${error}`}; ${took}`, fields)
  }
}

function logRemoteEnd (log: Log, { roots, address, peers, blocks, bytes, ms }: RemoteEnd): void {
  log.info(`preload of ${roots.join(', ')} for ${address} at another process: ${blocks} blocks, ${bytes} bytes in ${Math.round(ms)} ms`, { event: 'remote-preload', roots, address, peers, blocks, bytes, ms: Math.round(ms) })
}
