import { createHost } from '@kitsune/host/node'
import { createBlockClient } from '@kitsune/want-router/client'
import { multiaddr } from '@multiformats/multiaddr'
import { RunError } from '../errors.ts'
import type { CID } from 'multiformats/cid'

/** The times that a client measured, ms. */
export interface Seen {
  /** From the first want to each block. */
  readonly latencies: readonly number[]
  readonly first: number
  readonly total: number
}

/** Fetches blocks with a new peer id, over a WebSocket, and keeps a number of wants open. */
export async function fetchAll (address: string, cids: readonly CID[], open: number): Promise<Seen> {
  const host = await createHost({ agent: { name: 'benchmark', version: '0.0.0' } })
  await host.start()

  try {
    const client = await createBlockClient(host, multiaddr(address))

    return await keepOpen(cids.length, open, async i => client.get(cids[i]))
  } finally {
    await host.stop()
  }
}

/** The same number of messages of the same size over a WebSocket, without libp2p. */
export async function fetchBare (url: string, blocks: number, size: number, open: number): Promise<Seen> {
  const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/?size=${size}`)
  socket.binaryType = 'arraybuffer'
  const waiting: Array<() => void> = []
  await new Promise<void>((resolve, reject) => {
    socket.onopen = () => { resolve() }
    socket.onerror = () => { reject(new RunError('the WebSocket failed')) }
  })
  socket.onmessage = () => { waiting.shift()?.() }

  try {
    return await keepOpen(blocks, open, async () => new Promise<void>(resolve => {
      waiting.push(resolve)
      socket.send('1')
    }))
  } finally {
    socket.close()
  }
}

async function keepOpen (count: number, open: number, get: (i: number) => Promise<unknown>): Promise<Seen> {
  const began = performance.now()
  const latencies: number[] = []
  let first = 0
  let next = 0

  await Promise.all(Array.from({ length: Math.min(open, count) }, async () => {
    while (next < count) {
      const at = performance.now()
      await get(next++)
      first ||= performance.now() - began
      latencies.push(performance.now() - at)
    }
  }))

  return { latencies, first, total: performance.now() - began }
}
