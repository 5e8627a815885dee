import { keyMultihash } from '@kitsune/bitswap-codec'
import { expect } from 'aegir/chai'
import { CID } from 'multiformats/cid'
import * as Digest from 'multiformats/hashes/digest'
import { MemoryDag } from '../dag/memory-dag.ts'
import { httpRig } from '../http-rig.ts'
import { readCar } from './read-car.ts'
import type { BlockHandlerOptions } from '../../../src/http/index.ts'
import type { FileNode } from '../dag/memory-dag.ts'
import type { HttpRig } from '../http-rig.ts'

const PREFIX = Uint8Array.of(1, 0x55, 0x12, 32)

interface CarRig extends HttpRig {
  /** Has the member answer until it is asked nothing new. It does not have the blocks of `missing`. */
  serve (missing?: readonly CID[]): Promise<void>
  dag: MemoryDag
}

async function carRig (options: BlockHandlerOptions = {}): Promise<CarRig> {
  const rig = await httpRig(options)
  const dag = new MemoryDag()
  let served = 0

  return {
    ...rig,
    dag,
    async serve (missing = []) {
      const keys = new Map([...dag.blocks].map(([cid, bytes]) => [CID.parse(cid).multihash.bytes.join(), bytes]))
      const missingHashes = new Set(missing.map(({ multihash }) => multihash.bytes.join()))
      await rig.endTick()

      while (served < rig.asked.length) {
        const { key, type } = rig.asked[served++]
        const hash = Digest.decode(keyMultihash(key)).bytes.join()

        if (missingHashes.has(hash)) {
          rig.sink.answer(key, 'dont-have')
        } else if (type === 'have') {
          rig.sink.answer(key, 'have')
        } else {
          await rig.sink.block(PREFIX, keys.get(hash) ?? new Uint8Array())
        }

        await rig.endTick()
      }
    }
  }
}

/** A file with a number of leaves of one size. */
function fileOf (dag: MemoryDag, count: number, size = 10): { file: FileNode, leaves: FileNode[] } {
  const leaves = Array.from({ length: count }, (_, i) => dag.leaf(i, size))

  return { file: dag.file(leaves), leaves }
}

const strings = (...nodes: Array<FileNode | CID>): string[] => nodes.map(node => `${'size' in node ? node.cid : node}`)

describe('CARs over HTTP', () => {
  it('have the blocks of the path before those of the DAG', async () => {
    const { dag, request, serve } = await carRig()
    const { file, leaves } = fileOf(dag, 3)
    const inner = dag.directory({ file: file.cid, other: leaves[0].cid })
    const root = dag.directory({ inner })
    const response = request(`/ipfs/${root}/inner/file?format=car`)
    await serve()
    const body = (await response).bytes()
    await serve()
    const { roots, cids, blocks } = readCar(await body)
    expect(roots).to.deep.equal(strings(file))
    expect(cids).to.deep.equal(strings(root, inner, file, ...leaves))
    expect(blocks).to.deep.equal(cids.map(cid => dag.blocks.get(cid)))
    const { headers } = await response
    expect(headers.get('content-type')).to.equal('application/vnd.ipld.car; version=1; order=dfs; dups=n')
    expect(headers.get('x-ipfs-roots')).to.equal([root, inner, file.cid].join(','))
    expect(headers.get('content-disposition')).to.include(`filename="${root}_file.car"`)
    expect(headers.has('content-length')).to.equal(false)
  })

  it('have the blocks that prove that a path leads nowhere', async () => {
    const { dag, request, serve } = await carRig()
    const inner = dag.directory({})
    const root = dag.directory({ inner })
    const response = request(`/ipfs/${root}/inner/file?format=car`)
    await serve()
    expect(readCar(await (await response).bytes())).to.deep.include({ roots: ['bafkqaaa'], cids: strings(root, inner) })
  })

  it('are described by the response to a HEAD, which reads no block', async () => {
    const { dag, request, serve, asked } = await carRig()
    const { file } = fileOf(dag, 3)
    const response = request(`/ipfs/${file.cid}?format=car`, { method: 'HEAD' })
    await serve()
    expect((await response).status).to.equal(200)
    expect(asked.map(({ type }) => type)).to.deep.equal(['have'])
  })

  it('have a HEAD wait no longer than its limit, however long the path is', async () => {
    const { dag, request, endTick, pass, engine } = await carRig({ headWithin: 500 })
    const { file } = fileOf(dag, 3)
    const root = dag.directory({ file: file.cid })
    const responses = ['/file', ''].map(async path => request(`/ipfs/${root}${path}?format=car`, { method: 'HEAD' }))
    const statuses: number[] = []
    responses.forEach(response => { response.then(({ status }) => { statuses.push(status) }, () => {}) })
    await endTick()
    await pass(450)
    expect(statuses).to.deep.equal([])
    await pass(100)
    expect(statuses).to.deep.equal([503, 503])
    expect(engine.status()).to.include({ wants: 0, clients: 0 })
  })

  it('are not fetched if the client has them', async () => {
    const { dag, request, serve, asked } = await carRig()
    const { file } = fileOf(dag, 3)
    const paths = ['', '&dag-scope=block', '&dag-scope=entity&entity-bytes=1:*', '&car-dups=y'].map(query => `/ipfs/${file.cid}?format=car${query}`)
    const responses = paths.map(async path => request(path, { method: 'HEAD' }))
    await serve()
    const etags = await Promise.all(responses.map(async response => (await response).headers.get('etag') ?? ''))
    expect(new Set(etags)).to.have.lengthOf(paths.length)
    const count = asked.length

    for (const [i, path] of paths.entries()) {
      expect((await request(path, { headers: { 'if-none-match': etags[i] } })).status, path).to.equal(304)
    }

    expect(asked).to.have.lengthOf(count)
  })

  it('are 404 if no member has their root, and 422 if it cannot be decoded', async () => {
    const { dag, request, serve } = await carRig()
    const { file } = fileOf(dag, 3)
    const absent = request(`/ipfs/${file.cid}?format=car`)
    await serve([file.cid])
    expect((await absent).status).to.equal(404)
    const broken = request(`/ipfs/${CID.createV1(0x70, dag.leaf(1).cid.multihash)}?format=car`)
    await serve()
    expect((await broken).status).to.equal(422)
  })

  it('are 503 if their root does not arrive in time, and break off if they need too much memory', async () => {
    const { dag, request, endTick, pass, serve } = await carRig({ getWithin: 1000, carMemory: 8 })
    const { file } = fileOf(dag, 5)
    const late = request(`/ipfs/${file.cid}?format=car`)
    await endTick()
    await pass(1000)
    expect((await late).status).to.equal(503)
    const large = request(`/ipfs/${file.cid}?format=car`)
    await serve()
    expect((await (await large).bytes().catch((err: Error) => err)).constructor.name).to.equal('DagLimitError')
  })

  it('break off at a block that no member has, or that does not arrive in time', async () => {
    for (const lost of [true, false]) {
      const { dag, request, serve, pass, engine, endTick } = await carRig({ blockWithin: 2000 })
      const { file, leaves } = fileOf(dag, 5)
      const response = request(`/ipfs/${file.cid}?format=car`)
      await serve()
      const { status, body } = await response
      expect(status).to.equal(200)
      const read = new Response(body).bytes().then(() => 'ended', () => 'broken off')
      await (lost ? serve([leaves[3].cid]) : pass(2100))
      expect(await read).to.equal('broken off')
      await endTick()
      expect(engine.status(), 'wants that were fetched ahead are cancelled').to.include({ wants: 0, clients: 0 })
    }
  })

  it('fetch no more blocks than the client reads, and end with the client', async () => {
    const { dag, request, serve, endTick, engine, asked } = await carRig()
    const { file } = fileOf(dag, 100, 1000)
    const response = request(`/ipfs/${file.cid}?format=car`)
    await serve()
    const { body } = await response
    await serve()
    expect(asked.length).to.be.below(40)
    await body?.cancel()
    await endTick()
    expect(engine.status()).to.include({ wants: 0, clients: 0 })
  })

  it('end with a request that is aborted', async () => {
    const { dag, request, endTick, engine, serve } = await carRig()
    const { file } = fileOf(dag, 100, 1000)
    const controller = new AbortController()
    const response = request(`/ipfs/${file.cid}?format=car`, { signal: controller.signal })
    await serve()
    const { body } = await response
    controller.abort()
    await endTick()
    await expect(new Response(body).bytes()).to.eventually.be.rejected()
    await endTick()
    expect(engine.status()).to.include({ wants: 0, clients: 0 })
  })
})
