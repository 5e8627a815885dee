import { StoreUnavailableError } from '../../src/index.ts'
import type { Block, BlockSource, GetManyResult, SourceOptions } from '../../src/index.ts'
import type { CID } from 'multiformats/cid'

/** A source over a map that counts its reads, and fails on demand. */
export interface MapSource extends BlockSource {
  readonly blocks: Map<string, Uint8Array>
  readonly gets: CID[]
  readonly manys: CID[][]
  readonly offered: Block[]
  running: number
  peak: number
  failing: boolean
  getMany (cids: Iterable<CID>, options?: SourceOptions): AsyncGenerator<GetManyResult>
}

export function mapSource (blocks: readonly Block[], complete = true): MapSource {
  async function read (cid: CID, { signal }: SourceOptions): Promise<Uint8Array | undefined> {
    self.peak = Math.max(self.peak, ++self.running)
    await new Promise(resolve => setTimeout(resolve, 0))
    self.running--
    signal?.throwIfAborted()

    if (self.failing) {
      throw new StoreUnavailableError('made to fail')
    }

    return cid.multihash.code === 0 ? cid.multihash.digest : self.blocks.get(String(cid.multihash.bytes))
  }

  const self: MapSource = {
    complete,
    blocks: new Map(blocks.map(({ cid, bytes }) => [String(cid.multihash.bytes), bytes])),
    gets: [],
    manys: [],
    offered: [],
    running: 0,
    peak: 0,
    failing: false,
    async get (cid, options = {}) {
      options.signal?.throwIfAborted()
      self.gets.push(cid)

      return read(cid, options)
    },
    async * getMany (cids, options = {}) {
      const all = [...cids]
      self.manys.push(all)

      for (const cid of all) {
        options.signal?.throwIfAborted()

        if (options.wanted?.(cid) !== false) {
          try {
            const bytes = await read(cid, options)
            yield bytes == null ? { cid } : { cid, bytes }
          } catch (err) {
            options.signal?.throwIfAborted()
            yield { cid, error: err as Error }
          }
        }
      }
    },
    async stat (cid, options = {}) {
      options.signal?.throwIfAborted()
      const bytes = await read(cid, options)

      return bytes == null ? undefined : { size: bytes.byteLength }
    },
    offer (block) { self.offered.push(block) }
  }

  return self
}
