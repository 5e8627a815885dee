import * as dagPb from '@ipld/dag-pb'
import { expect } from 'aegir/chai'
import { blockOf, seededBlock, seededBlocks } from '../../src/blocks.ts'
import { needKubo } from '../../src/needs.ts'
import { serveBlocks } from '../../src/serve-blocks.ts'
import { stack } from '../../src/stack.ts'
import { poll } from '../../src/until.ts'
import { startPreloadNode } from '../support/preload-node.ts'
import type { Balancer } from '../../src/balancer.ts'
import type { TestBlock } from '../../src/blocks.ts'
import type { Kubo } from '../../src/kubo.ts'
import type { WirePeer } from '../../src/wire-peer.ts'
import type { CID } from 'multiformats/cid'

/** For how long a request may be without progress, ms. */
const NO_PROGRESS = 30_000

interface Answer {
  readonly status: number
  readonly lines: number
  readonly broken: boolean
  readonly ms: number
}

describe('preload of what cannot be had', function () {
  this.timeout(90_000)

  let binary: string
  let kubo: Kubo
  let balancer: Balancer
  let client: WirePeer
  const held: TestBlock[] = []
  const peers = stack(() => binary)

  before(async function () {
    binary = needKubo(this, 'preload of what cannot be had')
    ;({ kubo, balancer } = await startPreloadNode(peers))
    client = await peers.wire({ onMessage: serveBlocks(held) })
    await client.connect(balancer.ws)
  })

  after(async () => {
    await peers.stop()
  })

  const preload = async (cid: CID): Promise<Answer> => {
    const start = performance.now()
    const response = await fetch(`${balancer.preload}/api/v0/refs?r=true&arg=${cid}&peer=${client.peerId}`, { method: 'POST' })
    const reader = (response.body ?? new ReadableStream()).pipeThrough(new TextDecoderStream()).getReader()
    let text = ''
    let broken = false

    try {
      for (let read = await reader.read(); !read.done; read = await reader.read()) {
        text += read.value
      }
    } catch {
      broken = true
    }

    return { status: response.status, lines: text.split('\n').length - 1, broken, ms: performance.now() - start }
  }

  /** Requests for refs that the node carries out, and what it wants. */
  const open = async (): Promise<[number, number]> => {
    const commands = await (await kubo.call('diag/cmds')).json() as Array<{ Command: string, Active: boolean }>

    return [commands.filter(({ Command, Active }) => Command === 'refs' && Active).length, (await kubo.wants()).length]
  }

  it('ends with an error when nothing has come for half a minute, holds up nothing else, and leaves nothing at the node', async () => {
    const absent = await Promise.all(['1', '2', '3', '4'].map(async name => (await seededBlock(100, `unobtainable ${name}`)).cid))
    const leaves = await seededBlocks(1000, 100, 'unobtainable leaves')
    const root = await blockOf(dagPb.encode({ Links: leaves.map(({ cid }) => ({ Name: '', Hash: cid })) }), { codec: dagPb.code })
    const good = await seededBlock(100, 'obtainable')
    held.push(root, ...leaves.slice(0, 10), good)
    const failing = [...absent, root.cid].map(preload)

    await poll(async () => (await open())[0] === failing.length, 'all of them to be asked for')
    const fifth = await preload(good.cid)
    expect(fifth).to.include({ status: 200, broken: false })
    expect(fifth.ms).to.be.lessThan(5000)

    const answers = await Promise.all(failing)
    expect(answers.map(({ status, broken }) => [status, broken])).to.deep.equal([...absent.map(() => [504, false]), [200, true]])
    expect(answers[4].lines).to.be.at.least(10).and.lessThan(1000)

    for (const { ms } of answers) {
      expect(ms).to.be.within(NO_PROGRESS - 500, NO_PROGRESS + 15_000)
    }

    await poll(async () => (await open()).join() === '0,0', 'the node to have given up', { timeout: 5000 })
    expect(await balancer.metric('kitsune_preload_running')).to.equal(0)
  })
})
