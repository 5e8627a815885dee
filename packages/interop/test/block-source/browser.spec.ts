import { createServer } from 'node:http'
import { fileURLToPath } from 'node:url'
import { expect } from 'aegir/chai'
import { build } from 'esbuild'
import { CID } from 'multiformats/cid'
import { sha256 } from 'multiformats/hashes/sha2'
import { seededBuffer } from '../../src/dag.ts'
import { needChromium } from '../../src/needs.ts'
import { removeFolder, startProcess, temporaryFolder } from '../../src/processes.ts'
import { startCarOrigin } from './browser-origin.ts'
import type { CarOrigin } from './browser-origin.ts'
import type { PageResult, PageTask } from './browser-page.ts'
import type { AddressInfo } from 'node:net'

interface Block {
  readonly cid: CID
  readonly bytes: Uint8Array
}

async function makeBlock (length: number, seed: number): Promise<Block> {
  const bytes = seededBuffer(length, String(seed))

  return { cid: CID.createV1(0x55, await sha256.digest(bytes)), bytes }
}

/** A CARv1 without roots. */
function makeCar (blocks: readonly Block[]): Uint8Array {
  const varint = (value: number): number[] => value < 0x80 ? [value] : [value & 0x7f | 0x80, ...varint(value >>> 7)]

  return Buffer.concat([
    Buffer.from('11a265726f6f7473806776657273696f6e01', 'hex'),
    ...blocks.flatMap(({ cid, bytes }) => [Buffer.from(varint(cid.bytes.length + bytes.length)), cid.bytes, bytes])
  ])
}

/** The page as one script, made as for any browser. */
async function bundlePage (): Promise<string> {
  const { outputFiles: [{ text }] } = await build({
    entryPoints: [fileURLToPath(new URL('./browser-page.ts', import.meta.url))],
    bundle: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2024',
    write: false,
    logLevel: 'silent'
  })

  return text
}

describe('CARs on a web server, in Chromium', function () {
  this.timeout(120_000)

  let chromium: string
  let script: string
  let origin: CarOrigin

  before(async function () {
    chromium = needChromium(this, 'CARs on a web server, in Chromium')
    script = await bundlePage()
  })

  afterEach(async () => {
    await origin?.stop()
  })

  /** Opens a page that reads blocks, and returns what became of them. */
  async function openPage (task: PageTask): Promise<PageResult> {
    const { promise, resolve } = Promise.withResolvers<PageResult>()
    const server = createServer((request, response) => {
      if (request.url === '/result') {
        request.setEncoding('utf8')
        let text = ''
        request.on('data', (chunk: string) => { text += chunk })
        request.on('end', () => {
          response.end()
          resolve(JSON.parse(text))
        })
      } else if (request.url === '/task') {
        response.end(JSON.stringify(task))
      } else if (request.url === '/page.js') {
        response.writeHead(200, { 'content-type': 'text/javascript' }).end(script)
      } else {
        response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><script type="module" src="/page.js"></script>')
      }
    })
    await new Promise<void>(resolve => { server.listen(0, '127.0.0.1', resolve) })
    const profile = temporaryFolder('chromium')
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
    const browser = startProcess(chromium, ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run', `--user-data-dir=${profile}`, url])

    try {
      return await Promise.race([promise, browser.exited.then(() => {
        throw new Error(`Chromium has ended: ${browser.output.join('\n')}`)
      })])
    } finally {
      await browser.stop()
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
      removeFolder(profile)
    }
  }

  it('are read from another origin by ranges, and verified by the hash functions of the browser', async () => {
    const blocks = [await makeBlock(1000, 1), await makeBlock(0, 2), await makeBlock(300_000, 3), await makeBlock(10, 4)]
    const absent = await makeBlock(20, 5)
    const car = makeCar(blocks)
    const wrong = new Uint8Array(car)
    wrong[wrong.length - 1] ^= 1
    const base64 = blocks.map(({ bytes }) => Buffer.from(bytes).toString('base64'))
    const cids = [...blocks, absent].map(({ cid }) => cid.toString())

    origin = await startCarOrigin(new Map([['right.car', car], ['wrong.car', wrong]]))
    const right = await openPage({ url: origin.url, object: 'right.car', cids })
    // JSON has null for what is undefined
    expect(right.one).to.deep.equal([...base64, null])
    expect(right.many).to.deep.equal([...base64, null])
    expect(origin.asked.filter(range => !/^(?:bytes=\d+-\d+|OPTIONS)$/.test(range))).to.deep.equal([])

    const { one } = await openPage({ url: origin.url, object: 'wrong.car', cids })
    expect(one).to.deep.equal([...base64.slice(0, 3), 'HashMismatchError', null])
  })
})
