import { multiaddr } from '@multiformats/multiaddr'
import { startNaiveCopy } from './naive-copy.ts'
import { print } from './print.ts'

// node naive-copy-process.js <multiaddr of the target>: the baseline in
// its own process, which prints a line of JSON with its addresses

const node = await startNaiveCopy({
  target: process.argv.slice(2).map(address => multiaddr(address)),
  listen: ['/ip4/127.0.0.1/tcp/0']
})

print(JSON.stringify({
  peerId: node.peerId.toString(),
  addresses: node.getMultiaddrs().map(address => address.toString())
}))

process.once('SIGTERM', () => {
  void Promise.resolve(node.stop()).then(() => process.exit(0))
})
