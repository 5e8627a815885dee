import { globSync } from 'node:fs'

/** @import { Workspace } from './types.ts' */

/**
 * Spec files that mostly wait for peers to start and for timers of peers, and that measure no latency, no memory and
 * no CPU time; their deadlines are many times what they need. Each list runs in its own process, all lists at once.
 * The files that need most CPU time are in the first list, those that wait more in the second, and those that do little else in the third.
 *
 * @type {Record<string, string[][]>}
 */
export const AT_ONCE = {
  '@kitsune/interop': [
    [
      'test/block-source/**/*.spec.ts',
      'test/edge-server/{faults,node,quotas,s3,worker}.spec.ts',
      'test/http/{caddy,gateway,helia,pin}.spec.ts',
      'test/preload/{browser-preload,js-ipfs-browser}.spec.ts',
      'test/{hash-functions,pin,rsa,special-blocks}.spec.ts'
    ],
    [
      'test/preload/{crowds,js-ipfs-versions,odd-blocks,proxied,reconnects,versions}.spec.ts',
      'test/{preload,preload-helia,preload-workers}.spec.ts',
      'test/{client-versions,helia,helia-broker,js-ipfs,kubo,old-kubo}.spec.ts',
      'test/broken-connections.spec.ts',
      'test/{both-directions,chain,fetch-through,one-flight,pins-through-breaks,rolling-upgrade,swarm-bridge,unpeered}.spec.ts'
    ],
    [
      'test/preload/{hung-bitswap,late-errors,unobtainable}.spec.ts',
      'test/{idle,slow-lines}.spec.ts'
    ]
  ],
  '@kitsune/simulator': [['test/!(simulation).spec.ts', 'test/*/**/*.spec.ts']]
}

/**
 * The spec files of a workspace: lists that run at once, and those that run alone afterwards.
 *
 * @param {Pick<Workspace, 'name' | 'folder'>} workspace
 * @returns {{ atOnce: string[][], alone: string[] }}
 */
export function parts ({ name, folder }) {
  const atOnce = (AT_ONCE[name] ?? []).map(patterns => globSync(patterns, { cwd: folder }).sort())
  const taken = new Set(atOnce.flat())

  return {
    atOnce,
    alone: globSync('test/**/*.spec.ts', { cwd: folder }).filter(file => !taken.has(file)).sort()
  }
}
