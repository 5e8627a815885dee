import { readFile, rm, writeFile } from 'node:fs/promises'
import { createBlockClient } from '@kitsune/want-router/client'
import { multiaddr } from '@multiformats/multiaddr'
import { expect } from 'aegir/chai'
import { CID } from 'multiformats/cid'
import { DEFAULT_HTTP_LIMITS } from '../src/http/index.ts'
import { DEFAULT_HOST_LIMITS } from '../src/index.ts'
import { addressOf, createTestHosts } from './support/hosts.ts'
import type { HostServices } from '../src/index.ts'
import type { Libp2p } from '@libp2p/interface'

const HELLO = new TextEncoder().encode('hello world')
const CID_OF_HELLO = CID.parse('bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e')

describe('the README', () => {
  const { client } = createTestHosts()
  let readme: string

  before(async () => {
    readme = await readFile(new URL('../README.md', import.meta.url), 'utf8')
  })

  it('has an example of at most ten lines of code that runs', async () => {
    const [, example] = /```ts\n([^]*?)```/.exec(readme) ?? []
    expect(example.split('\n').filter(line => line !== '' && !line.startsWith('import ')).length).to.be.at.most(10)

    const file = new URL('./readme-example.ts', import.meta.url)
    await writeFile(file, example.replace("'@kitsune/host/node'", "'../src/node/index.ts'"))

    try {
      const { host, blocks }: { host: Libp2p<HostServices>, blocks: Map<string, Uint8Array> } = await import(file.href)

      try {
        blocks.set(CID_OF_HELLO.toString(), HELLO)
        const { get } = await createBlockClient(await client(), multiaddr(addressOf(host, 'ws')), { signal: AbortSignal.timeout(5000) })
        expect(await get(CID_OF_HELLO)).to.deep.equal(HELLO)
      } finally {
        await host.stop()
      }
    } finally {
      await rm(file)
    }
  })

  it('has all limits, with their defaults', () => {
    const figure = new Intl.NumberFormat('en')

    for (const [name, value] of [...Object.entries(DEFAULT_HOST_LIMITS), ...Object.entries(DEFAULT_HTTP_LIMITS)]) {
      expect(readme).to.match(new RegExp(`^\\| \`${name}\` \\| [^|]+ \\| ${figure.format(value)} \\|$`, 'm'))
    }
  })
})
