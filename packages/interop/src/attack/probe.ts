import { createServer } from 'node:http'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { watchWork } from './work.ts'
import type { AddressInfo } from 'node:net'

/**
 * Loaded into a balancer by `--import`, with `--expose-gc`: reports what the process
 * holds after a full collection, and the longest stall of its event loop and the most
 * work of one pass since the last request. Prints the port on which it answers, on its own line.
 */
const delay = monitorEventLoopDelay({ resolution: 5 })
delay.enable()
const work = watchWork()

const server = createServer((request, response) => {
  const collected = request.url === '/collected'

  if (collected) {
    const { gc } = globalThis as { gc? (): void }
    // weak references and finalizers need more than one
    gc?.()
    gc?.()
  }

  const { heapUsed, heapTotal, external, rss } = process.memoryUsage()
  response.end(JSON.stringify({ heap: heapUsed, committed: heapTotal, external, rss, stall: Math.max(0, delay.max / 1e6 - 5), delay: Math.max(0, delay.percentile(99) / 1e6 - 5), work: work.take() }))
  // the request itself caused the collection
  setImmediate(() => { delay.reset() })
})

server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo
  process.stdout.write(`{"probe":${port}}\n`)
})
server.unref()
