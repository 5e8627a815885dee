import { expect } from 'aegir/chai'
import { CID } from 'multiformats/cid'
import { identity } from 'multiformats/hashes/identity'
import { MemberRefsError } from '../../src/errors.ts'
import { pastUndecodable } from '../../src/refs/past-undecodable.ts'
import { parseRefsQuery } from '../../src/refs/query.ts'
import { walkedRefs } from '../../src/refs/walked-refs.ts'
import { blockOf, leaf, node, value } from '../support/dag.ts'
import type { RefsMember } from '../../src/refs/member.ts'
import type { TestBlock } from '../support/dag.ts'

const ETH_BLOCK = 0x90
const DAG_PB = 0x70

describe('refs: a walk', () => {
  /** Calls that the node got, as `<command> <cid>`. */
  let calls: string[]
  let held: Map<string, TestBlock>

  beforeEach(() => {
    calls = []
    held = new Map()
  })

  const hold = (...blocks: TestBlock[]): void => { blocks.forEach(block => { held.set(block.cid.toString(), block) }) }

  const member = (): RefsMember => walkedRefs({
    url: 'http://kubo:5001',
    async fetch (request) {
      request.signal.throwIfAborted()
      const { pathname, searchParams } = new URL(request.url)
      const cid = searchParams.get('arg') ?? ''
      calls.push(`${pathname.replace('/api/v0/', '')} ${cid}`)
      const block = held.get(cid)

      if (block == null) {
        return Response.json({ Message: `block was not found: ${cid}`, Code: 0, Type: 'error' }, { status: 500 })
      }

      return pathname.endsWith('get') ? new Response(new Uint8Array(block.bytes)) : Response.json({ Key: cid, Size: block.bytes.length })
    }
  })

  const list = async (query: string, from = member(), signal = new AbortController().signal): Promise<{ refs: string[], error?: Error }> => {
    const refs: string[] = []

    try {
      for await (const { ref } of from.refs(parseRefsQuery(new URLSearchParams(query)), signal)) {
        refs.push(ref)
      }

      return { refs }
    } catch (error) {
      return { refs, error: error as Error }
    }
  }

  const texts = (...blocks: TestBlock[]): string[] => blocks.map(({ cid }) => cid.toString())

  it('has the member fetch each block once, and lists each when it is there', async () => {
    const [a, b] = [await leaf('a'), await leaf('b')]
    const dir = await node(a, b)
    const root = await node(dir, a)
    hold(a, b, dir, root)
    const { refs, error } = await list(`r=true&u=true&arg=${root.cid}`)

    expect(error).to.be.undefined()
    expect(refs).to.have.members(texts(dir, a, b)).and.have.lengthOf(3)
    expect(calls).to.have.members([`block/get ${root.cid}`, `block/get ${dir.cid}`, `block/stat ${a.cid}`, `block/stat ${b.cid}`]).and.have.lengthOf(4)
  })

  it('goes past blocks of codecs that are not known, of none, and those that are their own CIDs', async () => {
    const [eth, right, inner] = [await blockOf(ETH_BLOCK, new Uint8Array(999)), await leaf('right'), await leaf('inner')]
    const broken = await blockOf(DAG_PB, new Uint8Array(20).fill(255))
    const own = CID.createV1(DAG_PB, identity.digest((await node(inner)).bytes))
    const root = await value({ a: eth.cid, b: broken.cid, c: own, d: right.cid })
    hold(eth, right, inner, broken, root)
    const { refs, error } = await list(`r=true&arg=${root.cid}`)

    expect(error).to.be.undefined()
    expect(refs).to.have.members([...texts(eth, broken, right, inner), own.toString()])
  })

  it('fails when the member does not have a block, or answers wrong bytes', async () => {
    const a = await leaf('a')
    const root = await node(a)
    hold(root)
    expect((await list(`r=true&arg=${root.cid}`)).error).to.be.instanceOf(MemberRefsError).with.property('message').that.includes('block was not found')

    held.set(root.cid.toString(), { ...root, bytes: a.bytes })
    expect((await list(`r=true&arg=${root.cid}`)).error).to.be.instanceOf(MemberRefsError).with.property('message').that.includes('other bytes')
  })

  it('keeps to the depth, and reaches what is nearer by another way', async () => {
    const [a, b] = [await leaf('a'), await leaf('b')]
    const low = await node(a)
    const deep = await node(await node(low))
    const middle = await node(low)
    const root = await node(middle, low, b)
    hold(a, b, low, deep, middle, root)

    expect((await list(`arg=${root.cid}`)).refs).to.have.members(texts(middle, low, b))
    expect(calls).to.deep.equal([`block/get ${root.cid}`])
    expect((await list(`r=1&max-depth=1&arg=${root.cid}`)).refs).to.have.members(texts(middle, low, b))
    expect(new Set((await list(`r=1&u=1&max-depth=2&arg=${root.cid}`)).refs)).to.deep.equal(new Set(texts(middle, low, b, a)))
  })

  it('lists edges', async () => {
    const a = await leaf('a')
    const dir = await node(a)
    const root = await node(dir)
    hold(a, dir, root)

    expect((await list(`r=1&e=1&arg=${root.cid}`)).refs).to.deep.equal([`${root.cid} -> ${dir.cid}`, `${dir.cid} -> ${a.cid}`])
  })

  it('refuses what only the member can list', async () => {
    const root = await leaf('root')

    for (const query of [`arg=${root.cid}/a`, `format=<dst>&arg=${root.cid}`]) {
      expect((await list(query)).error).to.be.instanceOf(MemberRefsError)
    }

    expect(calls).to.be.empty()
  })

  it('stops when the signal aborts', async () => {
    expect((await list(`arg=${(await leaf('root')).cid}`, member(), AbortSignal.abort(new Error('left')))).error).to.have.property('message', 'left')
  })

  describe('after a list', () => {
    const listing = (refs: readonly string[], error: Error): RefsMember => ({
      id: 'lists',
      async * refs () {
        for (const ref of refs) {
          yield { ref }
        }

        throw error
      }
    })
    const STOPPED = new MemberRefsError('the member reports: no decoder registered for multicodec code 144 (0x90)')

    it('goes on with what the member has not listed before it stopped at a block that it cannot read', async () => {
      const [a, eth, right] = [await leaf('a'), await blockOf(ETH_BLOCK, new Uint8Array(9)), await leaf('right')]
      const root = await node(a, eth, right)
      hold(a, eth, right, root)
      const { refs, error } = await list(`r=true&arg=${root.cid}`, pastUndecodable(listing(texts(a), STOPPED), member()))

      expect(error).to.be.undefined()
      expect(refs).to.have.members(texts(a, eth, right)).and.have.lengthOf(3)
    })

    it('passes on anything that is not a CID, and then the error', async () => {
      const root = await node(await leaf('a'))

      expect(await list(`r=true&arg=${root.cid}`, pastUndecodable(listing(['a'], STOPPED), member()))).to.deep.equal({ refs: ['a'], error: STOPPED })
    })

    it('passes on every other error', async () => {
      const failure = new MemberRefsError('the member reports: context deadline exceeded')
      const root = await node(await leaf('a'))

      expect(await list(`r=true&arg=${root.cid}`, pastUndecodable(listing(texts(root), failure), member()))).to.deep.equal({ refs: texts(root), error: failure })
      expect((await list(`arg=${root.cid}`, pastUndecodable(listing([], STOPPED), member()))).error).to.equal(STOPPED)
      expect(calls).to.be.empty()
    })
  })
})
