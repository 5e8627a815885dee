import { readFile, rm, writeFile } from 'node:fs/promises'
import { expect } from 'aegir/chai'
import { CID } from 'multiformats/cid'
import { testBlock } from './engine/harness.ts'
import { createWireClient } from './wire-client.ts'
import type { Libp2p } from 'libp2p'

describe('README', () => {
  it('the example serves a block', async function () {
    this.timeout(20_000)
    const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8')
    const code = /```ts\n([^]*?)```/.exec(readme)?.[1] ?? ''
    const file = new URL('./readme-example.ts', import.meta.url)
    await writeFile(file, code.replace('@kitsune/want-router', '../src/index.ts'))

    try {
      const { node, blocks }: { node: Libp2p, blocks: Map<string, Uint8Array> } = await import(file.href)
      const client = await createWireClient()
      try {
        const block = testBlock(1)
        blocks.set(CID.decode(block.cid).toString(), block.bytes)
        const received = await client.fetch(node.getMultiaddrs()[0], block.cid)
        expect([...received]).to.deep.equal([...block.bytes])
      } finally {
        await client.stop()
        await node.stop()
      }
    } finally {
      await rm(file)
    }
  })
})
