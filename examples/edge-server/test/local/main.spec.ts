import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { memoryStore, scanCar } from '@kitsune/block-source'
import { expect } from 'aegir/chai'
import { CID } from 'multiformats/cid'
import { makeSampleCar } from '../../src/local/sample-car.ts'
import type { ChildProcessByStdio } from 'node:child_process'
import type { Readable } from 'node:stream'

const SCRIPT = fileURLToPath(new URL('../../src/local/main.ts', import.meta.url))

type Process = ChildProcessByStdio<null, Readable, Readable>

describe('npm start', function () {
  this.timeout(60_000)

  let running: Process | undefined

  function start (...args: string[]): Process {
    // as npm says where it was called; warnings of Node.js about options of the test runner are none of its lines
    running = spawn(process.execPath, [SCRIPT, ...args], { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, INIT_CWD: tmpdir(), NODE_NO_WARNINGS: '1' } })

    return running
  }

  afterEach(() => {
    running?.kill('SIGKILL')
  })

  it('runs the Worker with a sample in R2, prints what to type into kubo, and ends at SIGTERM', async () => {
    const child = start()
    const lines: string[] = []

    for await (const line of createInterface(child.stdout)) {
      lines.push(line)

      if (line.includes('Ctrl-C')) {
        break
      }
    }

    const output = lines.join('\n')
    const { root } = await makeSampleCar()
    expect(output).to.match(/ipfs swarm peering add \/ip4\/127\.0\.0\.1\/tcp\/\d+\/ws\/p2p\/12D3KooW\w+/)
    expect(output).to.include(`ipfs get ${root}`)
    const [, url] = /runs at (\S+),/.exec(output) ?? []
    const response = await fetch(`${url}/ipfs/${root}?format=car`)
    expect(response.status).to.equal(200)

    const names: string[] = []

    for await (const sections of scanCar(memoryStore({ objects: new Map([['answer', new Uint8Array(await response.arrayBuffer())]]) }), 'answer')) {
      names.push(...sections.map(({ cid }) => CID.decode(cid).toString()))
    }

    // the directory, hello.txt, and numbers.txt with its four leaves
    expect(names).to.have.length(7)
    expect(names[0]).to.equal(root.toString())

    child.kill('SIGTERM')
    const [, signal] = await once(child, 'exit') as [number | null, string | null]
    // it was not the signal that ended it: miniflare ends workerd, too
    expect(signal).to.equal(null)
  })

  it('prints one line about an invalid folder, and exits with code 2', async () => {
    const child = start('nowhere')
    const errors: Buffer[] = []
    child.stderr.on('data', (chunk: Buffer) => { errors.push(chunk) })
    const [code] = await once(child, 'close') as [number | null]
    expect(code).to.equal(2)
    expect(Buffer.concat(errors).toString().trim().split('\n')).to.deep.equal([`${join(tmpdir(), 'nowhere')} is not a folder: name a folder with CAR files`])
  })
})
