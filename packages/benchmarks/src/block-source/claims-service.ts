import { CarBufferWriter } from '@ipld/car'
import * as ed25519 from '@ucanto/principal/ed25519'
import { Assert } from '@web3-storage/content-claims/capability'
import { base58btc } from 'multiformats/bases/base58'
import { CID } from 'multiformats/cid'
import { sha256 } from 'multiformats/hashes/sha2'
import { startCountingServer } from './counting-server.ts'
import type { CountingServer } from './counting-server.ts'

/** The position of a block in the object of a URL. */
export interface ClaimedPlace {
  readonly digest: Uint8Array
  readonly url: URL
  readonly offset: number
  readonly length: number
}

const CAR_CODEC = 0x0202

/** Starts a service of content claims with a claim for the position of each block, signed as by Storacha's tools. */
export async function startClaimsService (places: Iterable<ClaimedPlace>): Promise<CountingServer> {
  const issuer = await ed25519.generate()
  const answers = new Map<string, Uint8Array>()

  for (const { digest, url, offset, length } of places) {
    const nb = { content: { digest }, location: [url.href], range: { offset, length } }
    const claim = await Assert.location.invoke({ issuer, audience: issuer, with: issuer.did(), nb } as never).delegate()
    const { ok, error } = await claim.archive()

    if (ok == null) {
      throw error
    }

    answers.set(base58btc.encode(digest), await carOf(ok))
  }

  return startCountingServer((request, response) => {
    const hash = request.url?.split('/').at(-1)?.split('?')[0] ?? ''
    response.writeHead(answers.has(hash) ? 200 : 404).end(answers.get(hash))
  })
}

async function carOf (claim: Uint8Array): Promise<Uint8Array> {
  const cid = CID.createV1(CAR_CODEC, await sha256.digest(claim)) as never
  const writer = CarBufferWriter.createWriter(new ArrayBuffer(claim.byteLength + 200), { roots: [cid] })
  writer.write({ cid, bytes: claim })

  return writer.close({ resize: true })
}
