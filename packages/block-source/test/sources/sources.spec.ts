import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { blake2b256 } from '@multiformats/blake2/blake2b'
import { expect } from 'aegir/chai'
import { MemoryBlockstore } from 'blockstore-core'
import { CID } from 'multiformats/cid'
import { blockstoreSource, carSource, flatfsKey, gatewaySource, httpStore, kuboSource, memoryStore, objectSource, s3DatastoreKey, scanIndex, sourceBlockstore, StoreUnavailableError } from '../../src/index.ts'
import { fsStore } from '../../src/stores/fs.ts'
import { blockSourceTests, faultStore } from '../../src/testing/index.ts'
import { startFileServer } from '../stores/http-server.ts'
import { carOf, everyKind, rawBlock } from './cars.ts'
import type { Block, Fetch } from '../../src/index.ts'
import type { BlockSourceSubject } from '../../src/testing/index.ts'
import type { AddressInfo } from 'node:net'

const hashers = [blake2b256]
const retry = { retries: 1, minDelay: 0, wait: async () => {} }

async function missingBlocks (): Promise<CID[]> {
  return [(await rawBlock(Uint8Array.of(9, 9, 9))).cid]
}

/** Blocks of every kind, except the empty one, of which reading may take no request that could fail. */
async function someBlocks (): Promise<Block[]> {
  return (await everyKind()).filter(({ bytes }) => bytes.byteLength > 0)
}

blockSourceTests(async () => {
  const blocks = await someBlocks()
  const objects = new Map([['x.car', await carOf(blocks)]])
  const store = faultStore(memoryStore({ objects }))

  return {
    source: carSource({ store, index: scanIndex(store, 'x.car'), hashers }),
    has: blocks,
    missing: await missingBlocks(),
    fail () {
      store.fault = () => ({ error: new StoreUnavailableError() })

      return () => { store.fault = () => undefined }
    },
    corrupt ({ bytes }) {
      const car = objects.get('x.car')?.slice() ?? new Uint8Array()
      car[Buffer.from(car).indexOf(bytes)] ^= 1
      objects.set('x.car', car)
    }
  }
}, { name: 'a CAR in memory, scanned' })

blockSourceTests(async () => {
  const blocks = await someBlocks()
  const folder = await mkdtemp(join(tmpdir(), 'kitsune-source-'))
  await writeFile(join(folder, 'x.car'), await carOf(blocks))
  const store = fsStore({ folder })

  return { source: carSource({ store, index: scanIndex(store, 'x.car'), hashers }), has: blocks, missing: await missingBlocks(), stop: async () => rm(folder, { recursive: true }) }
}, { name: 'a CAR in a folder, scanned', laws: { failures: false, wrong: false } })

blockSourceTests(async () => {
  const blocks = await someBlocks()
  const server = await startFileServer()
  server.files.set('x.car', await carOf(blocks))
  const store = httpStore({ url: server.url })

  return { source: carSource({ store, index: scanIndex(store, 'x.car'), hashers }), has: blocks, missing: await missingBlocks(), stop: server.stop }
}, { name: 'a CAR on a web server, scanned', laws: { failures: false, wrong: false } })

for (const [name, key] of Object.entries({ flatfs: flatfsKey(), 'go-ds-s3': s3DatastoreKey('a/b') })) {
  blockSourceTests(async () => {
    const blocks = await everyKind()
    const objects = new Map(blocks.map(({ cid, bytes }) => [key(cid), bytes]))
    const store = faultStore(memoryStore({ objects }))

    return {
      source: objectSource({ store, key, hashers }),
      has: blocks,
      missing: await missingBlocks(),
      fail () {
        store.fault = () => ({ error: new StoreUnavailableError() })

        return () => { store.fault = () => undefined }
      },
      corrupt ({ cid }) { objects.set(key(cid), Uint8Array.of(1)) }
    }
  }, { name: `an object for each block, as ${name} names them` })
}

blockSourceTests(async () => {
  const blocks = await everyKind()
  const blockstore = new MemoryBlockstore()

  for (const { cid, bytes } of blocks) {
    await blockstore.put(cid, bytes)
  }

  let failing = false

  return {
    source: blockstoreSource({
      hashers,
      blockstore: {
        get (cid, options) {
          if (failing) {
            throw new Error('the disk is on fire')
          }

          return blockstore.get(cid, options)
        }
      }
    }),
    has: blocks,
    missing: await missingBlocks(),
    fail () {
      failing = true

      return () => { failing = false }
    },
    async corrupt ({ cid }) { await blockstore.put(cid, Uint8Array.of(1)) }
  }
}, { name: 'an interface-blockstore' })

blockSourceTests(async () => {
  const blocks = await everyKind()
  const objects = new Map(blocks.map(({ cid, bytes }) => [flatfsKey()(cid), bytes]))

  return {
    source: blockstoreSource({ blockstore: sourceBlockstore(objectSource({ store: memoryStore({ objects }), key: flatfsKey(), hashers })), hashers }),
    has: blocks,
    missing: await missingBlocks(),
    corrupt ({ cid }) { objects.set(flatfsKey()(cid), Uint8Array.of(1)) }
  }
}, { name: 'a source as an interface-blockstore as a source', laws: { failures: false } })

interface Server {
  readonly url: string
  readonly blocks: Map<string, Uint8Array>
  failing: boolean
  stop (): Promise<void>
}

/** A server of blocks by multihash: `cidOf` finds the CID in a URL, `missing` is the answer if there is no such block. */
async function startBlockServer (cidOf: (url: URL) => string, missing: readonly [status: number, body: string], stat?: (bytes: Uint8Array) => string): Promise<Server> {
  const blocks = new Map<string, Uint8Array>()
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '', 'http://server')
    const bytes = blocks.get(String(CID.parse(cidOf(url)).multihash.bytes))

    if (self.failing) {
      response.writeHead(503).end('later')
    } else if (bytes == null) {
      response.writeHead(missing[0]).end(request.method === 'HEAD' ? undefined : missing[1])
    } else if (stat != null && url.pathname.endsWith('stat')) {
      response.end(stat(bytes))
    } else {
      response.writeHead(200, { 'content-length': bytes.byteLength }).end(request.method === 'HEAD' ? undefined : bytes)
    }
  })
  await new Promise<void>(resolve => { server.listen(0, '127.0.0.1', resolve) })
  const address = server.address()
  const self: Server = {
    url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`,
    blocks,
    failing: false,
    async stop () {
      server.closeAllConnections()
      await new Promise(resolve => { server.close(resolve) })
    }
  }

  return self
}

/** Makes a subject that reads from the server fail, or return wrong bytes. */
function faultsOf (server: Server): Pick<BlockSourceSubject, 'fail' | 'corrupt' | 'stop'> {
  return {
    fail () {
      server.failing = true

      return () => { server.failing = false }
    },
    corrupt ({ cid }) { server.blocks.set(String(cid.multihash.bytes), Uint8Array.of(1)) },
    stop: server.stop
  }
}

blockSourceTests(async () => {
  const blocks = await everyKind()
  const server = await startBlockServer(url => url.pathname.split('/')[2], [404, 'not found'])

  for (const { cid, bytes } of blocks) {
    server.blocks.set(String(cid.multihash.bytes), bytes)
  }

  return {
    source: gatewaySource({ url: server.url, hashers, retry }),
    has: blocks,
    missing: await missingBlocks(),
    ...faultsOf(server)
  }
}, { name: 'a trustless gateway' })

blockSourceTests(async () => {
  const blocks = await everyKind()
  const missing = JSON.stringify({ Message: 'block was not found locally (offline): ipld: could not find bafk', Code: 0, Type: 'error' })
  const server = await startBlockServer(url => url.searchParams.get('arg') ?? '', [500, missing], bytes => JSON.stringify({ Key: 'x', Size: bytes.byteLength }))

  for (const { cid, bytes } of blocks) {
    server.blocks.set(String(cid.multihash.bytes), bytes)
  }

  return {
    source: kuboSource({ url: server.url, hashers, retry }),
    has: blocks,
    missing: await missingBlocks(),
    ...faultsOf(server)
  }
}, { name: "kubo's RPC" })

describe('kubo source', () => {
  it('sends credentials, and does not show them in errors', async () => {
    const { cid, bytes } = await rawBlock(Uint8Array.of(1))
    const seen: Array<string | null> = []

    const fetch: Fetch = async request => {
      seen.push(request.headers.get('authorization'), new URL(request.url).username)

      return seen.length < 3 ? new Response(bytes.slice()) : new Response('denied', { status: 401 })
    }

    const source = kuboSource({ url: 'http://user:p%40ss@node.test:5001', fetch })
    expect(await source.get(cid)).to.deep.equal(bytes)
    expect(seen).to.deep.equal([`Basic ${btoa('user:p@ss')}`, ''])
    await expect(source.get(cid)).to.eventually.be.rejected.with.property('message').that.does.not.include('p@ss').and.not.include('p%40ss')

    for (const init of [{ authorization: 'Bearer x' }, { headers: { Authorization: 'Bearer x' } }]) {
      expect(() => kuboSource({ url: 'http://user:secret@node.test', ...init })).to.throw(/more than one value/).with.property('message').that.does.not.include('secret')
    }

    expect(() => kuboSource({ url: 'http://user:secret@' })).to.throw().with.property('message').that.does.not.include('secret')
    expect(() => kuboSource({ url: 'http://node.test', headers: { x: 'secret\nx' } })).to.throw().with.property('message').that.does.not.include('secret')
  })

  it('refuses a redirect, and its credentials do not follow', async () => {
    const asked: string[] = []
    const elsewhere = createServer((_, response) => {
      asked.push('elsewhere')
      response.end()
    })
    await new Promise<void>(resolve => { elsewhere.listen(0, '127.0.0.1', resolve) })
    const { port } = elsewhere.address() as AddressInfo
    const node = createServer((request, response) => {
      asked.push(request.headers.authorization ?? '')
      response.writeHead(307, { location: `http://127.0.0.1:${port}/` }).end()
    })
    await new Promise<void>(resolve => { node.listen(0, '127.0.0.1', resolve) })

    try {
      const source = kuboSource({ url: `http://user:secret@127.0.0.1:${(node.address() as AddressInfo).port}` })
      await expect(source.get((await rawBlock(Uint8Array.of(1))).cid)).to.eventually.be.rejectedWith(/redirects are not followed/)
        .with.property('name', 'StoreRefusedError')
      expect(asked).to.deep.equal([`Basic ${btoa('user:secret')}`])
    } finally {
      for (const server of [node, elsewhere]) {
        server.closeAllConnections()
        await new Promise(resolve => { server.close(resolve) })
      }
    }
  })

  it('does not treat kubo\'s other answers with status 500 as absence', async () => {
    const { cid } = await rawBlock(Uint8Array.of(1))

    for (const body of ['{"Message":"context deadline exceeded","Code":0,"Type":"error"}', '', 'null', '{"Message":"blockstore closed"}']) {
      const source = kuboSource({ url: 'http://node.test', retry: false, fetch: async () => new Response(body, { status: 500 }) })
      await expect(source.get(cid), body).to.eventually.be.rejected.with.property('name', 'StoreUnavailableError')
      await expect(source.stat?.(cid), body).to.eventually.be.rejected.with.property('name', 'StoreUnavailableError')
    }
  })
})

describe('gateway source', () => {
  it('treats 410 as a miss, but not 451 and redirects', async () => {
    const { cid } = await rawBlock(Uint8Array.of(1))
    const source = (status: number): ReturnType<typeof gatewaySource> => gatewaySource({ url: 'http://gateway.test/below', retry: false, fetch: async () => new Response(null, { status, headers: { location: 'http://elsewhere.test/' } }) })
    expect(await source(410).get(cid)).to.equal(undefined)

    for (const status of [301, 307, 403, 451]) {
      await expect(source(status).get(cid)).to.eventually.be.rejected.with.property('name', 'StoreRefusedError')
    }
  })

  it('refuses a block that is too large before reading it', async () => {
    const { cid } = await rawBlock(Uint8Array.of(1))
    let pulled = 0
    const body = new ReadableStream<Uint8Array>({ pull (controller) { pulled++; controller.enqueue(new Uint8Array(65_536)) } }, { highWaterMark: 0 })
    const source = gatewaySource({ url: 'http://gateway.test', fetch: async () => new Response(body, { headers: { 'content-length': '133169152' } }) })
    await expect(source.get(cid)).to.eventually.be.rejected.with.property('name', 'ObjectTooLargeError')
    expect(pulled).to.equal(0)
  })
})

describe('keys of objects', () => {
  const cid = CID.parse('QmUNLLsPACCz1vLxQVkXqqLX5R1X345qqfHbsf67hvA3Nn')

  it('are those of flatfs', () => {
    // as kubo names the empty folder, which every repository has
    expect(flatfsKey()(cid)).to.equal('X3/CIQFTFEEHEDF6KLBT32BFAGLXEZL4UWFNWM4LFTLMXQBCERZ6CMLX3Y.data')
    expect(flatfsKey('prefix/4')(cid)).to.equal('CIQF/CIQFTFEEHEDF6KLBT32BFAGLXEZL4UWFNWM4LFTLMXQBCERZ6CMLX3Y.data')
    expect(flatfsKey('suffix/3')(cid)).to.equal('X3Y/CIQFTFEEHEDF6KLBT32BFAGLXEZL4UWFNWM4LFTLMXQBCERZ6CMLX3Y.data')
    expect(() => flatfsKey('none')).to.throw().with.property('name', 'InvalidOptionError')
  })

  it('are those of go-ds-s3', () => {
    expect(s3DatastoreKey()(cid)).to.equal('CIQFTFEEHEDF6KLBT32BFAGLXEZL4UWFNWM4LFTLMXQBCERZ6CMLX3Y')
    expect(s3DatastoreKey('/ipfs/')(cid)).to.equal('ipfs/CIQFTFEEHEDF6KLBT32BFAGLXEZL4UWFNWM4LFTLMXQBCERZ6CMLX3Y')
  })

  it('allow reading a folder of flatfs directly', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'kitsune-flatfs-'))
    const block = await rawBlock(Uint8Array.of(1, 2, 3))
    const file = join(folder, flatfsKey()(block.cid))
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, block.bytes)
    expect(await objectSource({ store: fsStore({ folder }), key: flatfsKey() }).get(block.cid)).to.deep.equal(block.bytes)
    await rm(folder, { recursive: true })
  })
})

describe('a source as an interface-blockstore', () => {
  it('implements has, get and getMany, and is read-only', async () => {
    const blocks = await everyKind()
    const objects = new Map(blocks.map(({ cid, bytes }) => [flatfsKey()(cid), bytes]))
    const store = sourceBlockstore(objectSource({ store: memoryStore({ objects }), key: flatfsKey(), hashers }))
    const [missing] = await missingBlocks()

    expect(await store.has(blocks[0].cid)).to.equal(true)
    expect(await store.has(missing)).to.equal(false)
    await expect(Promise.resolve(store.get(missing).next())).to.eventually.be.rejected.with.property('name', 'NotFoundError')

    const pairs = []

    for await (const { cid, bytes } of store.getMany(blocks.map(({ cid }) => cid))) {
      const pieces = []

      for await (const piece of bytes) {
        pieces.push(piece)
      }

      pairs.push({ cid, bytes: pieces[0] })
    }

    expect(pairs).to.have.deep.members(blocks)
    await expect(Promise.resolve(store.put(missing, new Uint8Array()))).to.eventually.be.rejected.with.property('name', 'ReadOnlyError')
  })
})
