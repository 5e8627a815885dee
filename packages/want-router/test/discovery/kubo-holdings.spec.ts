import { expect } from 'aegir/chai'
import { CID } from 'multiformats/cid'
import { kubo } from '../../src/discovery/kubo-rpc.ts'
import { testBlock } from '../engine/harness.ts'
import { useKuboRpcRig } from './kubo-rpc-rig.ts'
import type { HoldingsOptions } from '../../src/index.ts'
import type { ServerResponse } from 'node:http'

const blocks = [1, 2, 3].map(seed => testBlock(seed))
const lines = blocks.map(({ cid }) => `${JSON.stringify({ Ref: `${CID.decode(cid)}`, Err: '' })}\n`).join('')

describe('what a kubo holds, by its RPC', () => {
  const rig = useKuboRpcRig()

  async function list (options: Partial<HoldingsOptions> = {}): Promise<string[]> {
    const [{ holdings }] = kubo([rig.urlWith('')])
    const keys: string[] = []

    for await (const piece of holdings?.({ pinned: false, signal: new AbortController().signal, ...options }) ?? []) {
      keys.push(...piece)
    }

    return keys
  }

  /** Answers with these chunks, each on its own. */
  const respond = (...chunks: string[]): void => {
    rig.respond = (_, response: ServerResponse) => {
      void (async () => {
        for (const chunk of chunks) {
          response.write(chunk)
          await new Promise(resolve => setImmediate(resolve))
        }

        response.end()
      })()
    }
  }

  it('is read from refs/local, wherever lines are cut', async () => {
    for (const at of [1, 20, lines.indexOf('\n'), lines.indexOf('\n') + 1, lines.length - 1]) {
      respond(lines.slice(0, at), lines.slice(at))
      expect(await list()).to.deep.equal(blocks.map(({ key }) => key))
    }

    expect(rig.requests[0]).to.include({ method: 'POST', url: '/api/v0/refs/local' })
  })

  it('is read to its end, with or without a last line feed', async () => {
    respond(lines.trimEnd())
    expect(await list()).to.have.lengthOf(3)
    respond()
    expect(await list()).to.deep.equal([])
  })

  it('is read from pin/ls if it is only what is pinned', async () => {
    respond(blocks.map(({ v0 }) => JSON.stringify({ Cid: `${CID.decode(v0)}`, Type: 'indirect' })).join('\n'))
    expect(await list({ pinned: true })).to.deep.equal(blocks.map(({ key }) => key))
    expect(rig.requests[0].url).to.equal('/api/v0/pin/ls?type=all&stream=true')
  })

  it('fails if the list ends with an error, or is not a list of blocks', async () => {
    rig.respond = (_, response) => { response.writeHead(403).end() }
    await expect(list()).to.eventually.be.rejectedWith(/cannot list its blocks: it answered 403$/)
    respond(lines, '{"Ref":"","Err":"disk on fire"}\n')
    await expect(list()).to.eventually.be.rejectedWith(/cannot list all its blocks: disk on fire$/)
    respond('<html>\n')
    await expect(list()).to.eventually.be.rejectedWith(/a line has no CID$/)
    respond('x'.repeat(65_536), 'x')
    await expect(list()).to.eventually.be.rejectedWith(/a line is longer than/)

    rig.respond = (_, response) => {
      response.write(lines)
      setImmediate(() => { response.destroy() })
    }

    await expect(list()).to.eventually.be.rejectedWith(/broke off its list of blocks$/)
  })

  it('ends with its signal', async () => {
    const controller = new AbortController()

    rig.respond = (_, response) => {
      response.write(lines)
      setImmediate(() => { controller.abort(new Error('enough')) })
    }

    await expect(list({ signal: controller.signal })).to.eventually.be.rejectedWith('enough')
  })
})
