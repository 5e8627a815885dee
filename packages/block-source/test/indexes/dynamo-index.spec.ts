import { expect } from 'aegir/chai'
import { base32 } from 'multiformats/bases/base32'
import { base58btc } from 'multiformats/bases/base58'
import { sha256 } from 'multiformats/hashes/sha2'
import { carparkPath, carSource, dynamoIndex, memoryStore, scanCar } from '../../src/index.ts'
import { carName } from '../../src/indexes/car-names.ts'
import { blockIndexTests } from '../../src/testing/index.ts'
import { block, blocks, carV1 } from '../fixtures/cars.ts'
import { startDynamo, TABLE } from '../fixtures/dynamo-server.ts'
import type { DynamoIndexInit, Fetch, ObjectStore, Section } from '../../src/index.ts'
import type { TestBlock } from '../fixtures/cars.ts'
import type { DynamoServer } from '../fixtures/dynamo-server.ts'

let server: DynamoServer

before(async () => {
  server = await startDynamo()
})

after(async () => {
  await server?.stop()
})

const init = (): DynamoIndexInit => ({ table: TABLE, region: 'us-west-2', endpoint: server.endpoint, credentials: server.credentials, retry: false })

/** A CAR in a store, with rows as Elastic IPFS writes them. */
async function indexed (all: readonly TestBlock[]): Promise<{ name: string, store: ObjectStore }> {
  const car = carV1(all)
  const { bytes } = await sha256.digest(car)
  const name = carName(bytes)
  const store = memoryStore({ objects: new Map([[name, car]]) })

  const path = `us-east-2/dotstorage-prod-0/raw/bafyroot/315318734258473247/${base32.baseEncode(bytes)}.car`
  const put = async ({ multihash, blockOffset, blockLength }: Section): Promise<void> => server.put(base58btc.encode(multihash), path, blockOffset, blockLength)

  for await (const sections of scanCar(store, name)) {
    await Promise.all(sections.map(put))
  }

  return { name, store }
}

/** A `fetch` that fails whenever a read of the store fails. */
function failingWith (store: ObjectStore): Fetch {
  return async request => {
    const part = await store.read('table', { length: 2, signal: request.signal })

    if (part == null) {
      return Response.json({ __type: 'com.amazonaws.dynamodb.v20120810#ResourceNotFoundException' }, { status: 400 })
    }

    const response = await fetch(request)

    return part.bytes.byteLength === 2 ? response : new Response((await response.text()).slice(0, 20))
  }
}

blockIndexTests(async wrap => {
  const all = [...await blocks(20, 300), await block('')]
  const { store } = await indexed(all)
  const table = memoryStore({ objects: new Map([['table', new Uint8Array(2)]]) })

  return { blocks: all, store, index: dynamoIndex({ ...init(), fetch: failingWith(wrap(table)) }) }
}, {
  name: 'laws of an index: DynamoDB, by dynalite',
  // it caches nothing
  laws: { warm: false }
})

describe('an index in DynamoDB', () => {
  it('leads a source to the blocks', async () => {
    const all = await blocks(10, 100)
    const { store } = await indexed(all)
    const source = carSource({ store, index: dynamoIndex(init()) })

    for (const { cid, bytes } of all) {
      expect(await source.get(cid)).to.deep.equal(bytes)
    }

    expect(await source.get((await block('elsewhere')).cid)).to.equal(undefined)
  })

  it('returns ten locations of a block that is in many CARs, with one query', async () => {
    const { multihash } = await block('popular')
    await Promise.all(Array.from({ length: 25 }, async (_, i) => server.put(base58btc.encode(multihash), `https://carpark/z${i}/z${i}.blob`, i, 7)))
    let queries = 0

    const counting: Fetch = async request => {
      queries++

      return fetch(request)
    }

    const [located] = await dynamoIndex({ ...init(), fetch: counting }).locate([multihash])
    expect(located).to.have.lengthOf(10)
    expect(queries).to.equal(1)
  })

  it('continues after empty pages, and fails if they do not end', async () => {
    const { multihash } = await block('a')
    const row = { carpath: { S: 'https://x/a/a.blob' }, offset: { N: '5' }, length: { N: '6' } }
    const starts: unknown[] = []

    const pages = (count: number): Fetch => async request => {
      starts.push(JSON.parse(await request.text()).ExclusiveStartKey)

      return Response.json(starts.length < count ? { Items: [], LastEvaluatedKey: { page: { N: `${starts.length}` } } } : { Items: [row] })
    }

    expect(await dynamoIndex({ ...init(), fetch: pages(3) }).locate([multihash])).to.deep.equal([[{ object: 'a/a.blob', offset: 5, length: 6, at: 'block' }]])
    expect(starts).to.deep.equal([undefined, { page: { N: '1' } }, { page: { N: '2' } }])
    await expect(dynamoIndex({ ...init(), fetch: pages(1e9) }).locate([multihash])).to.eventually.be.rejectedWith('not complete after')
  })

  it('retries when it is throttled, and never treats that as absence', async () => {
    const all = await blocks(1, 50)
    const { name } = await indexed(all)
    let left = 2

    const throttled: Fetch = async request => {
      return left-- > 0 ? Response.json({ __type: 'com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException' }, { status: 400 }) : fetch(request)
    }

    const index = dynamoIndex({ ...init(), fetch: throttled, retry: { async wait () {} } })
    expect(await index.locate([all[0].multihash])).to.have.nested.property('[0][0].object', name)
    left = 10
    await expect(index.locate([all[0].multihash])).to.eventually.be.rejected.with.property('name', 'StoreUnavailableError')
  })

  it('retries whatever throttling is called, and does not retry if the request itself is refused', async () => {
    const { multihash } = await block('a')
    const asked: string[] = []

    const answering = (type: string): Fetch => async () => {
      asked.push(type)

      return Response.json({ __type: `com.amazonaws.dynamodb.v20120810#${type}` }, { status: 400 })
    }

    for (const [type, error, requests] of [
      ['ThrottlingException', 'StoreUnavailableError', 3],
      ['RequestLimitExceeded', 'StoreUnavailableError', 3],
      ['ValidationException', 'StoreRefusedError', 1],
      ['ExpiredTokenException', 'StoreRefusedError', 1]
    ] as const) {
      await expect(dynamoIndex({ ...init(), fetch: answering(type), retry: { retries: 2, async wait () {} } }).locate([multihash]), type).to.eventually.be.rejected.with.property('name', error)
      expect(asked.filter(each => each === type), type).to.have.lengthOf(requests)
    }
  })

  it('fails if the table is missing, the credentials are wrong, or a row is invalid', async () => {
    const { multihash } = await block('a')
    await expect(dynamoIndex({ ...init(), table: 'no-such-table' }).locate([multihash])).to.eventually.be.rejectedWith('ResourceNotFoundException')
    const rows = [{}, { carpath: { S: 'x' } }, { carpath: { S: 'x' }, offset: { N: '-1' }, length: { N: '1' } }, { carpath: { S: 'x' }, offset: { N: '1' }, length: { N: '1.5' } }, { carpath: { S: 'x' }, offset: { N: '9007199254740993' }, length: { N: '1' } }, null]

    for (const row of rows) {
      await expect(dynamoIndex({ ...init(), fetch: async () => Response.json({ Items: [row] }) }).locate([multihash])).to.eventually.be.rejected.with.property('name', 'StoreRefusedError')
    }

    for (const body of ['', '{}', 'null', '{"Items": 1}']) {
      await expect(dynamoIndex({ ...init(), fetch: async () => new Response(body) }).locate([multihash])).to.eventually.be.rejected.with.property('name', 'StoreRefusedError')
    }
  })

  it('derives the names of CARs from their paths, and does not treat a block in a CAR without a name as absent', async () => {
    const { multihash } = await block('a car')
    const name = carName(multihash)
    expect(carparkPath(`us-east-2/dotstorage-prod-0/raw/bafy/1/${base32.baseEncode(multihash)}.car`)).to.equal(name)
    expect(carparkPath(`auto/carpark-prod-0/${name}`)).to.equal(name)
    expect(carparkPath('https://carpark-prod-0.r2.w3s.link/zQmA/zQmA.blob')).to.equal('zQmA/zQmA.blob')
    expect(carparkPath('us-east-2/dotstorage-prod-0/complete/bafyroot.car')).to.equal(undefined)
    expect(carparkPath('')).to.equal(undefined)

    const only = await block('only in a complete CAR')
    await server.put(base58btc.encode(only.multihash), 'us-east-2/dotstorage-prod-0/complete/bafyroot.car', 1, 2)
    await expect(dynamoIndex(init()).locate([only.multihash])).to.eventually.be.rejectedWith('which has no name in the store')
    expect(await dynamoIndex({ ...init(), carPath: path => path }).locate([only.multihash])).to.have.nested.property('[0][0].object', 'us-east-2/dotstorage-prod-0/complete/bafyroot.car')
  })
})
