import type { Balancer } from '../../src/balancer.ts'
import type { Kubo } from '../../src/kubo.ts'
import type { Stack } from '../../src/stack.ts'

/** Starts a kubo behind a balancer that stores clients' data, like a preload node; the stack ends both. */
export async function startPreloadNode (peers: Stack, ...args: string[]): Promise<{ kubo: Kubo, balancer: Balancer }> {
  const kubo = await peers.kubo()
  const balancer = await peers.balancer({ downstreams: [kubo.url], args: ['-p', '127.0.0.1:0', ...args] })

  return { kubo, balancer }
}
