import { carSource, httpStore, scanIndex } from '@kitsune/block-source'
import { CID } from 'multiformats/cid'

/** The task of the page, from its server. */
export interface PageTask {
  /** The origin of the server that has the CARs. */
  readonly url: string
  readonly object: string
  /** The CIDs to read, in this order, one by one and then at once. */
  readonly cids: readonly string[]
}

/** The result for each CID: the bytes in base64, nothing for a miss, or the name of an error. */
export interface PageResult {
  readonly one: ReadonlyArray<string | undefined>
  readonly many: ReadonlyArray<string | undefined>
}

async function run ({ url, object, cids: texts }: PageTask): Promise<PageResult> {
  const cids = texts.map(text => CID.parse(text))
  const store = httpStore({ url })
  const index = scanIndex(store, object)
  const source = carSource({ store, index })
  const one: Array<string | undefined> = []
  const many: Array<string | undefined> = []

  for (const cid of cids) {
    one.push(await source.get(cid).then(toText, (err: Error) => err.name))
  }

  for await (const { cid, bytes, error } of source.getMany?.(cids) ?? []) {
    many[cids.indexOf(cid)] = error?.name ?? toText(bytes)
  }

  return { one, many }
}

function toText (bytes: Uint8Array | undefined): string | undefined {
  return bytes == null ? undefined : btoa(Array.from(bytes, byte => String.fromCharCode(byte)).join(''))
}

const result = await run(await (await fetch('/task')).json()).catch((err: Error) => ({ failure: `${err.name}: ${err.message}` }))
await fetch('/result', { method: 'POST', body: JSON.stringify(result) })
