import { readFile, rm, writeFile } from 'node:fs/promises'
import { expect } from 'aegir/chai'
import { parseScenario } from '../src/scenario/parser.ts'
import type { Scenario } from '../src/scenario/schema.ts'

const TS = import.meta.url.endsWith('.ts')

/** Returns what goes to standard output meanwhile. */
async function printedBy (run: () => Promise<void>): Promise<string> {
  const { write } = process.stdout
  let said = ''

  process.stdout.write = (text: string | Uint8Array) => {
    said += String(text)

    return true
  }

  try {
    await run()
  } finally {
    process.stdout.write = write
  }

  return said
}

describe('README', function () {
  this.timeout(120_000)

  /** The only block of code with that in it, as a module that imports these sources in place of the package. */
  async function load (what: string): Promise<Record<string, unknown>> {
    const readme = await readFile(new URL(TS ? '../README.md' : '../../README.md', import.meta.url), 'utf8')
    const blocks = [...readme.matchAll(/```ts\n([^]*?)```/g)].map(([, block]) => block).filter(block => block.includes(what))
    expect(blocks).to.have.lengthOf(1)
    const file = new URL(`./readme-${what}.${TS ? 'ts' : 'mjs'}`, import.meta.url)
    await writeFile(file, blocks[0].replaceAll("'@kitsune/simulator'", `'${import.meta.resolve(`../src/index.${TS ? 'ts' : 'js'}`)}'`))

    try {
      return await import(file.href)
    } finally {
      await rm(file)
    }
  }

  it('the scenario is valid', async () => {
    const { scenario } = await load('spot-nodes')
    expect(parseScenario(scenario).name).to.equal((scenario as Scenario).name)
  })

  it('the program compares two strategies', async () => {
    const said = await printedBy(async () => { await load('two-caches') })
    expect(said).to.match(/\| roundRobin +\|.*\n\| rendezvous +\|/)
  })
})
