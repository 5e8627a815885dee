import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { expect } from 'aegir/chai'
import { parseOptions } from '../../src/cli/args.ts'
import { writeDocs } from '../../src/cli/document.ts'
import { UsageError } from '../../src/errors.ts'
import { fillSections, findSections, sectionText } from '../../src/report/docs.ts'
import { findScenarios } from '../../src/scenario/loader.ts'
import { findStrategies } from '../../src/strategies.ts'

describe('figures in a document', () => {
  const document = 'before\n<!-- simulate --scenario a --columns "p50 ms,home" -->\nold\n<!-- end of simulation -->\nbetween\n<!-- simulate --scenario b -->\n<!-- end of simulation -->\nafter'

  it('have places, with the arguments of a command', () => {
    expect(findSections(document)).to.deep.equal([
      { args: ['--scenario', 'a', '--columns', 'p50 ms,home'], line: 2, text: 'old' },
      { args: ['--scenario', 'b'], line: 6, text: '' }
    ])
  })

  it('are written only there, and can be written again', () => {
    const once = fillSections(document, new Map([[2, 'new\nlines'], [6, 'more']]))
    expect(once).to.equal('before\n<!-- simulate --scenario a --columns "p50 ms,home" -->\nnew\nlines\n<!-- end of simulation -->\nbetween\n<!-- simulate --scenario b -->\nmore\n<!-- end of simulation -->\nafter')
    expect(findSections(once).map(({ text }) => text)).to.deep.equal(['new\nlines', 'more'])
    expect(fillSections(once, new Map(findSections(once).map(({ line, text }) => [line, text])))).to.equal(once)
  })

  it('come below the command that prints them', () => {
    expect(sectionText(['--columns', 'p50 ms'], '| table |')).to.equal('\n```sh\nnpm run simulate -- --columns "p50 ms"\n```\n\n| table |\n')
  })

  it('refuses a document without places, or with one that does not end', () => {
    expect(() => findSections('text')).to.throw(UsageError, '--docs: the document has no line')
    expect(() => findSections('<!-- simulate --scenario a -->\ntext')).to.throw(UsageError, 'line 1 has no')
    expect(() => findSections(`<!-- simulate --scenario a -->\n${document}`)).to.throw(UsageError, 'line 1 has no')
  })
})

describe('docs/strategies.md', function () {
  this.timeout(300_000)

  const path = fileURLToPath(new URL(`${import.meta.url.endsWith('.ts') ? '../..' : '../../..'}/../../docs/strategies.md`, import.meta.url))

  it('has a table for every strategy that its commands name', async () => {
    for (const { args, text } of findSections(await readFile(path, 'utf8'))) {
      const { scenarios, strategies } = parseOptions(args)
      const [{ scenario }] = await findScenarios(scenarios)
      const expected = await findStrategies(strategies.length > 0 ? strategies : scenario.strategies)
      const rows = text.split('\n').filter(line => line.startsWith('| ')).slice(1)
      const variants = Math.max(1, Object.keys(scenario.variants).length)
      expect(rows, scenario.name).to.have.length(expected.length * variants)
      expect(text).to.include(`npm run simulate -- --scenario ${scenario.name} `)
    }
  })

  // the cheap ones; all are compared by npm run simulate -- --docs docs/strategies.md --check
  it('has the figures that a run gives now', async () => {
    const said: string[] = []
    const quiet = { isTTY: false, write () { return true } } as unknown as NodeJS.WriteStream
    const code = await writeDocs(path, { scenarios: ['moved-keys', 'hedging'], check: true }, text => { said.push(text) }, quiet)
    expect(code, `${said.join('\n')}\nupdate them with: npm run simulate -- --docs docs/strategies.md`).to.equal(0)
    expect(said).to.have.length(1)
  })
})
