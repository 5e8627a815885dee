import { decodeMessage, encodeFrame, frameDecoder } from '@kitsune/bitswap-codec'
import { CID } from 'multiformats/cid'
import * as raw from 'multiformats/codecs/raw'
import { sha256 } from 'multiformats/hashes/sha2'
import { Uint8ArrayList } from 'uint8arraylist'
import { afterEach, expect, it } from 'vitest'
import { startClient } from '../src/client.ts'
import { createHost } from '../src/hosts.ts'
import { sendInOneFlight } from './one-flight.ts'

const stops: Array<() => Promise<void>> = []

afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) {
    await stop()
  }
})

// it knows raw blocks only, which older versions cannot carry
it.each(['/ipfs/bitswap/1.1.0', '/ipfs/bitswap/1.2.0'] as const)('the client takes more one-flight streams than may be open at the same time: %s', async protocol => {
  const server = await createHost({})
  stops.push(async () => server.stop())
  const client = await startClient(server.getMultiaddrs()[0])
  stops.push(client.stop)
  const blocks = new Map<string, Uint8Array>()

  await server.handle(protocol, (stream, connection) => {
    const decoder = frameDecoder()
    stream.addEventListener('message', ({ data }) => {
      for (const { cid } of decoder.push(data).flatMap(frame => decodeMessage(frame).wants)) {
        const bytes = blocks.get(CID.decode(cid).toString()) ?? new Uint8Array()
        const reply = new Uint8ArrayList(...encodeFrame({ blocks: [{ prefix: cid.subarray(0, 4), data: bytes }] }, protocol))
        void sendInOneFlight(connection, protocol, reply.slice())
      }
    })
    stream.addEventListener('remoteCloseWrite', () => { stream.close().catch(() => {}) })
  })

  for (let i = 0; i < 100; i++) {
    const bytes = new Uint8Array(200).fill(i)
    const cid = CID.createV1(raw.code, await sha256.digest(bytes))
    blocks.set(cid.toString(), bytes)
    await client.fetch([cid])
  }

  expect(blocks.size).toBe(100)
}, 20_000)
