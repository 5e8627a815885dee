import { createHost } from '@kitsune/host/node'
import { createBlockClient } from '@kitsune/want-router/client'
import { multiaddr } from '@multiformats/multiaddr'
import { resolveConfig } from '../../src/config/config.ts'
import { buildDemoDag } from '../../src/demo/dag.ts'
import { startDemoNodes } from '../../src/demo/demo-nodes.ts'
import type { BalancerConfig } from '../../src/config/config.ts'
import type { DemoDag } from '../../src/demo/dag.ts'
import type { DemoNodes } from '../../src/demo/demo-nodes.ts'
import type { BlockClient } from '@kitsune/want-router/client'
import type { Libp2p } from '@libp2p/interface'

/** Two nodes that hold the demonstration DAG. */
export async function startNodes (): Promise<DemoNodes & { dag: DemoDag }> {
  const dag = buildDemoDag()

  return { ...await startDemoNodes(dag, ['a', 'b']), dag }
}

/** A configuration on loopback and free ports. */
export function loopbackConfig (downstreams: readonly string[], rest: Partial<BalancerConfig> = {}): BalancerConfig {
  const config = resolveConfig({
    downstream: { origin: 'test', value: [...downstreams] },
    listen: { origin: 'test', value: '/ip4/127.0.0.1/tcp/0' },
    websocket: { origin: 'test', value: '/ip4/127.0.0.1/tcp/0/ws' },
    admin: { origin: 'test', value: '127.0.0.1:0' }
  }, () => { throw new Error('no file is read here') })

  return { ...config, ...rest }
}

/** A client with a new identity, connected to an address. */
export async function connectClient (address: string): Promise<BlockClient & { host: Libp2p }> {
  const host = await createHost({ agent: { name: 'test', version: '0' } })

  try {
    await host.start()
    const client = await createBlockClient(host, multiaddr(address), { signal: AbortSignal.timeout(20_000) })

    return { ...client, host }
  } catch (err) {
    await host.stop()
    throw err
  }
}

/** Resolves once the condition holds; rejects if it does not within 10 s. */
export async function until (condition: () => boolean | Promise<boolean>, timeout = 10_000): Promise<void> {
  const end = performance.now() + timeout

  while (!await condition()) {
    if (performance.now() > end) {
      throw new Error(`the condition did not hold within ${timeout} ms: ${condition}`)
    }

    await new Promise(resolve => setTimeout(resolve, 10))
  }
}
