import { startJsIpfs } from '../../src/js-ipfs.ts'
import { sha256 } from './sha256.ts'
import type { Balancer } from '../../src/balancer.ts'
import type { JsIpfs } from '../../src/js-ipfs.ts'
import type { Kubo } from '../../src/kubo.ts'
import type { Stack } from '../../src/stack.ts'

/** A js-ipfs that is connected to the balancer alone, and preloads through it; the stack ends it. */
export async function preloadingJsIpfs (peers: Stack, modules: string, balancer: Balancer): Promise<JsIpfs> {
  const ipfs = await startJsIpfs(modules, { preloaders: [`/ip4/127.0.0.1/tcp/${new URL(balancer.preload).port}/http`] })
  peers.onStop(ipfs.stop)
  await ipfs.connect(balancer.ws)

  return ipfs
}

/** The hash of a file as far as a node itself has it. */
export async function storedHash (kubo: Kubo, path: string): Promise<string> {
  return sha256(await (await kubo.call('cat', [path], { offline: 'true' })).bytes())
}
