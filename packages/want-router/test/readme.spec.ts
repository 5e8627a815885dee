import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { identify } from '@libp2p/identify'
import { noise } from '@libp2p/noise'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { expect } from 'aegir/chai'
import { createLibp2p } from 'libp2p'
import { CID } from 'multiformats/cid'
import { source, wantRouter } from '../src/index.ts'
import { fakeEnv, fakeMember, fakeWant, ranking, strategyLaws } from '../src/testing/index.ts'
import { entry, testBlock } from './engine/harness.ts'
import { until } from './network/hosts.ts'
import { createWireClient } from './wire-client.ts'
import type { Policy, StrategyFactory, TargetInit, WantRouter } from '../src/index.ts'
import type { PeerId } from '@libp2p/interface'
import type { Libp2p } from 'libp2p'

describe('README', function () {
  this.timeout(30_000)

  let readme: string
  let folder: string

  before(async () => {
    readme = await readFile(new URL('../README.md', import.meta.url), 'utf8')
    folder = await mkdtemp(join(tmpdir(), 'kitsune-readme-'))
  })

  after(async () => {
    await rm(folder, { recursive: true })
  })

  /** The only block of code with that in it, importing the sources in place of the package. */
  function code (what: string): string {
    const blocks = [...readme.matchAll(/```(?:ts|js)\n([^]*?)```/g)].map(([, block]) => block).filter(block => block.includes(what))
    expect(blocks).to.have.lengthOf(1)

    return blocks[0].replaceAll(/'@kitsune\/want-router(\/[a-z]+)?'/g, (_, path = '') => `'${import.meta.resolve(path === '/parts' ? '../src/parts.ts' : `../src${path}/index.ts`)}'`)
  }

  it('the first example serves a block', async () => {
    // where its other imports are found
    const file = new URL('./readme-example.ts', import.meta.url)
    await writeFile(file, code('createLibp2p'))

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

  it('the example of a client in the process reads blocks', async () => {
    await writeFile(join(folder, 'read.ts'), code('router.get('))
    const { read }: { read (router: WantRouter, cids: CID[], signal: AbortSignal): Promise<number> } = await import(pathToFileURL(join(folder, 'read.ts')).href)
    const blocks = [1, 2, 3].map(seed => testBlock(seed, 100))
    const node = await createLibp2p({
      transports: [tcp()],
      services: { router: wantRouter({ targets: [source({ get: async cid => blocks.find(block => cid.equals(CID.decode(block.cid)))?.bytes }, { id: 'memory' })] }) }
    })

    try {
      const cids = [...blocks, testBlock(4)].map(({ cid }) => CID.decode(cid))
      const { router } = node.services
      const { signal } = new AbortController()
      expect(await read(router, cids, signal)).to.equal(400)
      expect(await read(router, cids.slice(3), signal)).to.equal(0)
    } finally {
      await node.stop()
    }
  })

  it('the example of both directions asks a client while the work lasts', async () => {
    await writeFile(join(folder, 'ask-during.ts'), code('askDuring'))
    const { askDuring }: { askDuring (router: WantRouter, client: PeerId, work: () => Promise<void>): Promise<void> } = await import(pathToFileURL(join(folder, 'ask-during.ts')).href)
    const node = await createLibp2p({
      addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
      transports: [tcp()],
      connectionEncrypters: [noise()],
      streamMuxers: [yamux()],
      services: { router: wantRouter({ targets: [], reverse: {} }) }
    })
    const client = await createWireClient()
    const asked = (): number | undefined => node.services.router.reverse?.status().members.length

    try {
      await client.host.dial(node.getMultiaddrs())
      await askDuring(node.services.router, client.host.peerId, async () => {
        await until('the client is asked', () => asked() === 1)
      })
      expect(asked()).to.equal(0)
    } finally {
      await client.stop()
      await node.stop()
    }
  })

  it('the example of members at run time puts one in the place of another', async () => {
    await writeFile(join(folder, 'replace.ts'), code('export async function replaceMember'))
    const { replaceMember }: { replaceMember (router: WantRouter, old: string, next: TargetInit): Promise<void> } = await import(pathToFileURL(join(folder, 'replace.ts')).href)
    const blocks = [testBlock(1), testBlock(2)]
    const [old, next] = blocks.map((block, i) => source({ get: cid => CID.decode(block.cid).equals(cid) ? block.bytes : undefined }, { id: ['old', 'next'][i] }))
    const node = await createLibp2p({
      addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
      transports: [tcp()],
      connectionEncrypters: [noise()],
      streamMuxers: [yamux()],
      services: { identify: identify(), router: wantRouter({ targets: [old] }) }
    })
    const client = await createWireClient()

    try {
      const { router } = node.services
      await client.fetch(node.getMultiaddrs()[0], blocks[0].cid)
      await replaceMember(router, 'old', next)
      expect(router.status().members.map(({ id }) => id)).to.deep.equal(['next'])
      client.received.splice(0)
      await client.fetch(node.getMultiaddrs()[0], blocks[1].cid)
    } finally {
      await client.stop()
      await node.stop()
    }
  })

  it('the example of a simulation gets a block of the member that has it', async () => {
    const file = new URL('./readme-simulation.ts', import.meta.url)
    await writeFile(file, code('timeToBlock'))

    try {
      const { timeToBlock }: { timeToBlock (latencies: [number, number]): Promise<number> } = await import(file.href)
      const times = [await timeToBlock([100, 5]), await timeToBlock([100, 10])]
      expect(times).to.deep.equal([105, 110])
    } finally {
      await rm(file)
    }
  })

  it('the policies deny what is listed, and what goes beyond the rate', async () => {
    await writeFile(join(folder, 'policies.ts'), code('export function denylist'))
    const { denylist, rate }: { denylist (cids: CID[]): Policy, rate (perSecond: number, burst?: number): Policy } = await import(pathToFileURL(join(folder, 'policies.ts')).href)
    const [denied, first, second, third] = [1, 2, 3, 4].map(n => testBlock(n))
    const all = [denied, first, second, third]
    const node = await createLibp2p({
      addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
      transports: [tcp()],
      connectionEncrypters: [noise()],
      streamMuxers: [yamux()],
      services: {
        identify: identify(),
        router: wantRouter({
          targets: [source({ get: async cid => all.find(block => CID.decode(block.cid).equals(cid))?.bytes }, { id: 'memory' })],
          policies: [denylist([CID.decode(denied.v0)]), rate(1e-6, 2)]
        })
      }
    })
    const client = await createWireClient()

    try {
      await client.send(node.getMultiaddrs()[0], [entry(third, { priority: 1 }), entry(second, { priority: 2 }), entry(first, { priority: 3 }), entry(denied, { priority: 4 })])
      await client.until(() => client.received.flatMap(({ blocks }) => blocks).length === 2)
      expect(client.received.flatMap(({ presences }) => presences).map(({ cid, have }) => [CID.decode(cid).toString(), have]))
        .to.deep.equal([[CID.decode(denied.cid).toString(), false]])
      expect(node.services.router.status().policies.map(({ name, refused }) => [name, refused])).to.deep.equal([['denylist', 1], ['rate', 1]])
    } finally {
      await client.stop()
      await node.stop()
    }
  })

  it('the strategy passes its tests, and is exported as the balancer expects', async () => {
    await writeFile(join(folder, 'package.json'), '{ "type": "module" }')
    await writeFile(join(folder, 'zone-first.ts'), code('export function zoneFirst'))
    await writeFile(join(folder, 'zone-first.test.js'), code('strategyTests(zoneFirst'))

    // drop what the runner of this test has set
    const { NODE_TEST_CONTEXT, NODE_OPTIONS, ...env } = process.env
    const { stdout } = await promisify(execFile)(process.execPath, ['--test', '--test-reporter=tap'], { cwd: folder, env })
    expect(stdout).to.match(new RegExp(`^# pass ${strategyLaws(() => expect.fail(), { wrap: inner => inner }).length + 1}$`, 'm'))
    expect(stdout).to.match(/^# skipped 0$/m)

    const { strategy }: { strategy: StrategyFactory } = await import(pathToFileURL(join(folder, 'zone-first.ts')).href)
    const made = strategy(fakeEnv())
    made.update([fakeMember('b', { labels: { zone: 'b' } }), fakeMember('a', { labels: { zone: 'a' } })])
    expect(ranking(made, fakeWant('key'))).to.deep.equal(['a', 'b'])
  })

  it('names every law', () => {
    const named = [...readme.matchAll(/^\| (`.+`) \| /gm)].flatMap(([, cell]) => [...cell.matchAll(/`([^`]+)`/g)].map(([, id]) => id))

    for (const { id } of strategyLaws(() => expect.fail(), { wrap: inner => inner })) {
      expect(named).to.include(id)
    }
  })
})
