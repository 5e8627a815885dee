import { createServer } from 'node:http'
import { CarBufferWriter } from '@ipld/car'
import * as ed25519 from '@ucanto/principal/ed25519'
import { Assert } from '@web3-storage/content-claims/capability'
import { base58btc } from 'multiformats/bases/base58'
import { CID } from 'multiformats/cid'
import { sha256 } from 'multiformats/hashes/sha2'
import type { AddressInfo } from 'node:net'

/** A service of content claims, which knows where blocks are. */
export interface ClaimsService {
  readonly url: URL
  /** How many requests there were. */
  requests (): number
  stop (): Promise<void>
}

/** Where a block is, in the object of that URL. */
export interface ClaimedPlace {
  readonly digest: Uint8Array
  readonly url: URL
  readonly offset: number
  readonly length: number
}

const CAR_CODEC = 0x0202

/** Starts one with a claim for each place, signed as Storacha's tools do. */
export async function startClaimsService (places: Iterable<ClaimedPlace>): Promise<ClaimsService> {
  const issuer = await ed25519.generate()
  const answers = new Map<string, Uint8Array>()
  let requests = 0

  for (const { digest, url, offset, length } of places) {
    const nb = { content: { digest }, location: [url.href], range: { offset, length } }
    const claim = await Assert.location.invoke({ issuer, audience: issuer, with: issuer.did(), nb } as never).delegate()
    const { ok, error } = await claim.archive()

    if (ok == null) {
      throw error
    }

    answers.set(base58btc.encode(digest), await carOf(ok))
  }

  const server = createServer((request, response) => {
    requests++
    const hash = request.url?.split('/').at(-1)?.split('?')[0] ?? ''
    response.writeHead(answers.has(hash) ? 200 : 404).end(answers.get(hash))
  })
  await new Promise<void>(resolve => { server.listen(0, '127.0.0.1', resolve) })

  return {
    url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`),
    requests: () => requests,
    async stop () {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    }
  }
}

async function carOf (claim: Uint8Array): Promise<Uint8Array> {
  const cid = CID.createV1(CAR_CODEC, await sha256.digest(claim)) as never
  const writer = CarBufferWriter.createWriter(new ArrayBuffer(claim.byteLength + 200), { roots: [cid] })
  writer.write({ cid, bytes: claim })

  return writer.close({ resize: true })
}
