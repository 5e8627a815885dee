import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'aegir/chai'
import * as exported from '../src/index.ts'
import { blockSourceLaws } from '../src/testing/index.ts'
import { carOf, rawBlock, rawBlocks } from './sources/cars.ts'
import type { BlockSource } from '../src/index.ts'

const SOURCES: Record<string, string> = { '': '../src/index.ts', '/fs': '../src/fs.ts', '/testing': '../src/testing/index.ts' }

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

  /** The only code block that contains `what`; it imports the sources instead of the package. */
  function code (what: string): string {
    const blocks = [...readme.matchAll(/```[jt]s\n([^]*?)```/g)].map(([, block]) => block).filter(block => block.includes(what))
    expect(blocks).to.have.lengthOf(1)

    return blocks[0].replaceAll(/'@kitsune\/block-source(\/\w+)?'/g, (_, path = '') => `'${import.meta.resolve(SOURCES[path])}'`)
  }

  it('the first example makes a source of a folder of CARs, in ten lines', async () => {
    const blocks = await rawBlocks(6, 1000)
    await writeFile(join(folder, 'a.car'), await carOf(blocks.slice(0, 3)))
    await writeFile(join(folder, 'b.car'), await carOf(blocks.slice(3)))
    await writeFile(join(folder, 'c.txt'), 'no CAR')
    const example = code('fsStore')
    expect(example.split('\n').filter(line => line !== '').length).to.be.at.most(10)
    await writeFile(join(folder, 'example.ts'), example)

    process.env.CARS = folder

    try {
      const { source }: { source: BlockSource } = await import(join(folder, 'example.ts'))

      for (const { cid, bytes } of blocks) {
        expect(await source.get(cid)).to.deep.equal(bytes)
      }

      expect(await source.get((await rawBlock(Uint8Array.of(9))).cid)).to.equal(undefined)
    } finally {
      delete process.env.CARS
    }
  })

  it('the tests of a source run under another runner', async () => {
    // in this folder, so that its other imports are found
    const file = new URL('./readme-example.test.mjs', import.meta.url)
    await writeFile(file, code('blockSourceTests'))

    try {
      // without the variables of the runner that runs this test
      const { NODE_TEST_CONTEXT, NODE_OPTIONS, ...env } = process.env
      const { stdout } = await promisify(execFile)(process.execPath, ['--test', '--test-reporter=tap', file.pathname], { env })
      // all laws but one
      expect(stdout).to.match(new RegExp(`^# pass ${blockSourceLaws(() => expect.fail()).length - 1}$`, 'm'))
      expect(stdout).to.match(/^# fail 0$/m)
    } finally {
      await rm(file)
    }
  })

  it('names only exports, and all factories of stores, indexes and sources', async () => {
    const tables = readme.split('\n').filter(line => line.startsWith('| `')).join('\n')
    const named = new Set([...tables.matchAll(/`(\w+)(?=[(`])/g)].map(([, name]) => name))
    const all: Record<string, unknown> = { ...exported, ...await import('../src/fs.ts') }

    for (const name of Object.keys(all).filter(name => /(?:Store|Index|Source)$/.test(name))) {
      expect([...named], 'of the README').to.include(name)
    }

    for (const name of [...named].filter(name => /(?:Store|Index|Source)$/.test(name))) {
      expect(all, 'of the exports').to.have.property(name).that.is.a('function')
    }
  })
})
