import { expect } from 'aegir/chai'
import { base58btc } from 'multiformats/bases/base58'
import { CID } from 'multiformats/cid'
import { sha256 } from 'multiformats/hashes/sha2'
import { blobName, carName, carSource, claimsIndex, memoryStore, scanCar } from '../../src/index.ts'
import { blockIndexTests } from '../../src/testing/index.ts'
import { block, blocks, carV1 } from '../fixtures/cars.ts'
import { startClaims } from '../fixtures/claims-server.ts'
import type { ClaimsIndexInit, Fetch, ObjectStore } from '../../src/index.ts'
import type { TestBlock } from '../fixtures/cars.ts'
import type { ClaimsServer } from '../fixtures/claims-server.ts'

let server: ClaimsServer

beforeEach(async () => {
  server = await startClaims()
})

afterEach(async () => {
  await server?.stop()
})

const init = (): ClaimsIndexInit => ({ url: server.url, retry: false })

/** A CAR in a store, and a claim for each of its blocks, as Storacha writes them. */
async function claimed (all: readonly TestBlock[], nameOf = carName): Promise<{ name: string, store: ObjectStore }> {
  const car = carV1(all)
  const name = nameOf((await sha256.digest(car)).bytes)
  const store = memoryStore({ objects: new Map([[name, car]]) })

  for await (const sections of scanCar(store, name)) {
    for (const { multihash, cid, blockOffset: offset, blockLength: length } of sections) {
      const content = offset % 2 === 0 ? CID.decode(cid) : { digest: multihash }
      await server.put(multihash, { can: 'location', nb: { content, location: [`https://carpark.example/${name}`], range: { offset, length } } })
    }
  }

  return { name, store }
}

/** A `fetch` that fails whenever a read of the store fails. */
function failingWith (store: ObjectStore): Fetch {
  return async request => {
    const part = await store.read('claims', { length: 2, signal: request.signal })

    if (part == null) {
      return new Response(null, { status: 404 })
    }

    const response = await fetch(request)

    return part.bytes.byteLength === 2 ? response : new Response((await response.arrayBuffer()).slice(0, 100))
  }
}

blockIndexTests(async wrap => {
  server = await startClaims()
  const all = [...await blocks(20, 300), await block('')]
  const { store } = await claimed(all)
  const claims = wrap(memoryStore({ objects: new Map([['claims', new Uint8Array(2)]]) }))

  return { blocks: all, store, index: claimsIndex({ ...init(), fetch: failingWith(claims) }), stop: server.stop }
}, {
  name: 'laws of an index: content claims',
  // it caches nothing
  laws: { warm: false }
})

describe('content claims', () => {
  it('lead a source to blocks, in CARs and in blobs, which Storacha\'s client finds in the same places', async () => {
    for (const nameOf of [carName, blobName]) {
      const all = await blocks(5, nameOf === carName ? 100 : 200)
      const { name, store } = await claimed(all, nameOf)
      const source = carSource({ store, index: claimsIndex(init()) })

      for (const { cid, multihash, bytes } of all) {
        expect(await source.get(cid)).to.deep.equal(bytes)
        const [theirs] = await server.read(multihash)
        expect(theirs).to.deep.include({ type: 'assert/location', location: [`https://carpark.example/${name}`] })
        expect(theirs).to.have.property('range').that.is.an('object')
        expect(await claimsIndex(init()).locate([multihash])).to.deep.equal([[{ object: name, at: 'block', ...(theirs as { range: object }).range }]])
      }
    }
  })

  it('make no miss certain, unless the index is complete', async () => {
    const { multihash } = await block('elsewhere')
    expect(await claimsIndex(init()).locate([multihash])).to.deep.equal([[]])
    server.answer = new Uint8Array()
    expect(await claimsIndex(init()).locate([multihash])).to.deep.equal([[]])
    expect(claimsIndex(init()).complete).to.equal(false)
    expect(claimsIndex({ ...init(), complete: true }).complete).to.equal(true)
  })

  it('are used until they expire, and only if they locate that block', async () => {
    const [{ cid, multihash }, other] = await blocks(2, 100)
    const location = ['https://carpark.example/zx/zx.blob']
    const range = { offset: 1, length: 2 }
    await server.put(multihash, { can: 'location', nb: { content: cid, location, range }, expiration: 2_000_000_000 })
    await server.put(multihash, { can: 'location', nb: { content: other.cid, location, range: { offset: 9, length: 9 } } })
    await server.put(multihash, { can: 'equals', nb: { content: cid, equals: other.cid } })
    await server.put(multihash, { can: 'partition', nb: { content: cid, parts: [other.cid] } })
    const at = (ms: number): ReturnType<typeof claimsIndex> => claimsIndex({ ...init(), now: () => ms })

    expect(await at(1_999_999_999_999).locate([multihash])).to.deep.equal([[{ object: 'zx/zx.blob', offset: 1, length: 2, at: 'block' }]])
    expect(await at(2_000_000_000_000).locate([multihash])).to.deep.equal([[]])
  })

  it('never cause a request to a URL that they name, and are an error if no URL has a name in the store', async () => {
    const [{ cid, multihash, bytes }] = await blocks(1, 100)
    const range = { offset: 0, length: 100 }
    await server.put(multihash, { can: 'location', nb: { content: cid, location: ['http://169.254.169.254/latest'], range } })
    await expect(claimsIndex(init()).locate([multihash])).to.eventually.be.rejected.with.property('name', 'StoreRefusedError')

    await server.put(multihash, { can: 'location', nb: { content: cid, location: ['https://carpark.example/zx/zx.blob'] } })
    await expect(claimsIndex(init()).locate([multihash])).to.eventually.be.rejectedWith('no length')

    await server.put(multihash, { can: 'location', nb: { content: cid, location: ['http://169.254.169.254/latest', 'https://carpark.example/zx/zx.blob'], range } })
    const store = memoryStore({ objects: new Map([['zx/zx.blob', bytes]]) })
    expect(await carSource({ store, index: claimsIndex(init()) }).get(cid)).to.deep.equal(bytes)
  })

  it('are an error wherever they are damaged, and never lead to another location', async function () {
    this.timeout(60_000)
    const [{ cid, multihash }] = await blocks(1, 100)
    await server.put(multihash, { can: 'location', nb: { content: cid, location: ['https://carpark.example/zx/zx.blob'], range: { offset: 1, length: 2 } } })
    const right = await claimsIndex(init()).locate([multihash])
    const whole = new Uint8Array(await (await fetch(new URL(`claims/multihash/${base58btc.encode(multihash)}`, server.url))).arrayBuffer())
    const header = whole[0] + 1
    const located = async (answer: Uint8Array<ArrayBuffer>): Promise<unknown> => claimsIndex({ ...init(), fetch: async () => new Response(answer) }).locate([multihash]).catch((err: Error) => err.name)

    for (let i = 0; i < whole.length; i++) {
      const flipped = await located(whole.map((byte, at) => at === i ? byte ^ 0x11 : byte))
      // neither the roots of the outer CAR nor the codec of a claim's CID are used
      expect(flipped, `byte ${i}`).to.satisfy((result: unknown) => result === 'MalformedIndexError' || JSON.stringify(result) === JSON.stringify(right))
      // before the first claim, an answer that was cut is like one without claims: that is why a miss is not certain
      expect(await located(whole.slice(0, i)), `cut at ${i}`).to.deep.equal(i === 0 || i === header ? [[]] : 'MalformedIndexError')
    }
  })
})
