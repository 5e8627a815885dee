/* eslint-disable no-console */
import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { reportStrayErrors } from '@kitsune/host/node'
import { startBridge } from './bridge.ts'
import { loadIdentity } from './identity.ts'

reportStrayErrors(stack => { console.error(`not caught: ${stack}`) })

const USAGE = `npm start -- --swarm-key <file> --node <multiaddr> [--node …] [options]

  --swarm-key <file>    the key of the private swarm
  --node <multiaddr>    a downstream node, with /p2p/ and its peer id; may be repeated
  --listen <multiaddr>  where clients connect; may be repeated. Default /ip4/127.0.0.1/tcp/4011
  --identity <file>     the private key of the upstream host; created if absent. Default: a new one
  --private <side>      the side that is the private swarm, upstream or downstream. Default upstream`

const { values } = parseArgs({
  options: {
    'swarm-key': { type: 'string' },
    node: { type: 'string', multiple: true },
    listen: { type: 'string', multiple: true },
    identity: { type: 'string' },
    private: { type: 'string' }
  }
})
const { 'swarm-key': swarmKey, node: nodes = [], listen = ['/ip4/127.0.0.1/tcp/4011'], identity, private: privateSide = 'upstream' } = values

if (swarmKey == null || nodes.length === 0 || (privateSide !== 'upstream' && privateSide !== 'downstream')) {
  console.error(USAGE)
  process.exit(2)
}

const bridge = await startBridge({
  swarmKey: await readFile(swarmKey),
  privateSide,
  listen,
  nodes,
  privateKey: identity == null ? undefined : await loadIdentity(identity)
})

for (const address of bridge.upstream.getMultiaddrs()) {
  console.log(`listening on ${address}`)
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => { void bridge.stop() })
}
