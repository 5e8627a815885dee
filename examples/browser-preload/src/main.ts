/* eslint-disable no-console */
import { parseArgs } from 'node:util'
import { startPageServer } from './server.ts'

const USAGE = 'npm start -- --preload http://127.0.0.1:8081 --address /ip4/127.0.0.1/tcp/4002/ws/p2p/12D3KooW… [--port 8000]'

const { values: { preload, address, port } } = parseArgs({
  options: {
    preload: { type: 'string' },
    address: { type: 'string' },
    port: { type: 'string', default: '8000' }
  }
})

if (preload == null || address == null) {
  console.error(`name a preload node by the two addresses that kitsune-balancer prints when it starts: ${USAGE}`)
  process.exit(2)
}

const server = await startPageServer({ node: { url: preload, address }, port: Number(port) })

console.log(`Open ${server.url} in a browser. Press Ctrl-C to stop.`)

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => { void server.stop() })
}
