import { CID } from 'multiformats/cid'
import { identity } from 'multiformats/hashes/identity'
import { getMany } from '../get-many.ts'
import { expect, expectAborted, expectBytes, expectRejection } from './expect.ts'
import type { BlockSourceSubject } from './subjects.ts'
import type { BlockSource, GetManyResult, SourceOptions } from '../block-source.ts'

interface BlockSourceLawRule {
  readonly title: string
  check (subject: BlockSourceSubject): Promise<void>
}

async function gather (source: BlockSource, cids: Iterable<CID>, options?: SourceOptions): Promise<GetManyResult[]> {
  const results = []

  for await (const result of getMany(source, cids, options)) {
    results.push(result)
  }

  return results
}

const gets: BlockSourceLawRule = {
  title: 'each block is returned, one by one and all at once',
  async check ({ source, has }) {
    for (const { cid, bytes } of has) {
      expectBytes(cid.toString(), await source.get(cid), bytes)
    }

    const all = await Promise.all([...has, ...has].map(async ({ cid }) => source.get(cid)))

    for (const [i, { cid, bytes }] of [...has, ...has].entries()) {
      expectBytes(`${cid}, all at once`, all[i], bytes)
    }
  }
}

const misses: BlockSourceLawRule = {
  title: 'a block that the source does not have is undefined',
  async check ({ source, missing }) {
    for (const cid of missing) {
      expect(await source.get(cid) === undefined, `${cid} is not undefined`)
      expect(await source.stat?.(cid) === undefined, `stat of ${cid} is not undefined`)
    }
  }
}

const multihashes: BlockSourceLawRule = {
  title: 'a block is the same under every CID of its multihash',
  async check ({ source, has }) {
    for (const { cid: { multihash }, bytes } of has) {
      const cids: CID[] = [0x55, 0x71].map(codec => CID.createV1(codec, multihash))

      if (multihash.code === 0x12 && multihash.size === 32) {
        cids.push(CID.create(0, 0x70, multihash))
      }

      for (const cid of cids) {
        expectBytes(cid.toString(), await source.get(cid), bytes)
      }

      for (const { cid, bytes: got } of await gather(source, cids)) {
        expect(cids.includes(cid), `${cid} was not asked for`)
        expectBytes(`${cid}, many at once`, got, bytes)
      }
    }
  }
}

const inline: BlockSourceLawRule = {
  title: 'an identity CID contains its answer',
  async check ({ source }) {
    for (const bytes of [new Uint8Array(0), Uint8Array.of(1, 2, 3)]) {
      const cid = CID.createV1(0x55, identity.digest(bytes))
      expectBytes(cid.toString(), await source.get(cid), bytes)
      expectBytes(`${cid}, many at once`, (await gather(source, [cid]))[0]?.bytes, bytes)
    }
  }
}

const sizes: BlockSourceLawRule = {
  title: 'stat returns the size of each block',
  async check ({ source, has }) {
    for (const { cid, bytes } of source.stat == null ? [] : has) {
      const size = (await source.stat?.(cid))?.size
      expect(size === bytes.byteLength, `${cid} has ${bytes.byteLength} bytes, not ${size}`)
    }
  }
}

const many: BlockSourceLawRule = {
  title: 'many at once: one result for each requested CID, regardless of the others',
  async check ({ source, has, missing }) {
    const cids = [...has.map(({ cid }) => cid), ...missing, ...has.slice(0, 2).map(({ cid }) => cid)].toSorted(({ bytes: a }, { bytes: b }) => (a.at(-1) ?? 0) - (b.at(-1) ?? 0))
    const left = [...cids]

    for (const { cid, bytes, error } of await gather(source, cids)) {
      const at = left.indexOf(cid)
      expect(at !== -1, `${cid} was not requested, or has two results`)
      left.splice(at, 1)
      const block = has.find(block => block.cid === cid)
      expect(error == null, `${cid} failed: ${error?.message}`)

      if (block == null) {
        expect(bytes == null, `${cid} was returned, although the source does not have it`)
      } else {
        expectBytes(cid.toString(), bytes, block.bytes)
      }
    }

    expect(left.length === 0, `there were no results for ${left.join(', ')}`)
    expect((await gather(source, [])).length === 0, 'there was a result for an empty list')
  }
}

const wanted: BlockSourceLawRule = {
  title: 'many at once: a block that is no longer wanted has no result',
  async check ({ source, has: [first, ...rest] }) {
    const results = await gather(source, [first, ...rest].map(({ cid }) => cid), { wanted: cid => cid === first.cid })
    expect(results.length === 1 && results[0].cid === first.cid, `expected a result for ${first.cid}, got ${results.length}`)
  }
}

const aborts: BlockSourceLawRule = {
  title: 'an aborted read rejects with the reason, before it begins and while it runs',
  async check ({ source, has }) {
    const reason = new Error('no longer wanted')
    const aborted = AbortSignal.abort(reason)
    const [{ cid }] = has
    await expectAborted('a get aborted before', source.get(cid, { signal: aborted }), reason)
    await expectAborted('many aborted before', gather(source, [cid], { signal: aborted }), reason)

    if (source.stat != null) {
      await expectAborted('a stat aborted before', source.stat(cid, { signal: aborted }), reason)
    }

    const controller = new AbortController()
    const { signal } = controller
    const reads: Array<Promise<unknown>> = [gather(source, has.map(({ cid }) => cid), { signal }), ...has.map(async ({ cid }) => source.get(cid, { signal }))]
    controller.abort(reason)
    await Promise.all(reads.map(async read => expectAborted('a read aborted during it', read, reason)))
  }
}

const failures: BlockSourceLawRule = {
  title: 'a failure is an error, never absence, and ends with its cause',
  async check ({ source, has, missing, fail }) {
    expect(fail != null, 'the subject has no fail; give it one, or a reason why the law does not apply')
    const restore = await fail()
    const cids = [...has.map(({ cid }) => cid), ...missing]

    for (const cid of cids) {
      await expectRejection(`get ${cid}`, source.get(cid), undefined)

      if (source.stat != null) {
        await expectRejection(`stat ${cid}`, source.stat(cid), undefined)
      }
    }

    const results = await gather(source, cids)
    expect(results.length === cids.length && results.every(({ bytes, error }) => bytes == null && error instanceof Error), 'many at once: some have no error')
    await restore()
    expectBytes('after the failure ended', await source.get(has[0].cid), has[0].bytes)
  }
}

const wrong: BlockSourceLawRule = {
  title: 'bytes that do not hash to the CID are an error, and never returned',
  async check ({ source, has, corrupt }) {
    expect(corrupt != null, 'the subject has no corrupt; give it one, or a reason why the law does not apply')
    const [{ cid }, other] = has
    await corrupt(has[0])
    await expectRejection(`get ${cid}`, source.get(cid), undefined)

    for (const { cid: asked, bytes, error } of await gather(source, [cid, other.cid])) {
      if (asked === cid) {
        expect(bytes == null && error != null, `${cid}, many at once: the wrong bytes were returned`)
      } else {
        expectBytes(`${asked}, read together with it`, bytes, other.bytes)
      }
    }
  }
}

/** The name of a law, as in {@link BlockSourceTestsInit.laws}. */
export type BlockSourceLaw =
  | 'gets' | 'misses' | 'multihashes' | 'inline' | 'sizes' | 'many' | 'wanted' | 'aborts' | 'failures'
  | 'wrong'

/** The laws of block sources by name. */
export const SOURCE_LAWS = { gets, misses, multihashes, inline, sizes, many, wanted, aborts, failures, wrong } as const satisfies Record<BlockSourceLaw, BlockSourceLawRule>
