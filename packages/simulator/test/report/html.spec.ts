import { Script } from 'node:vm'
import { expect } from 'aegir/chai'
import { parse } from 'parse5'
import { toHtml } from '../../src/report/html.ts'
import { parseScenario } from '../../src/scenario/parser.ts'
import { runOf, scenarioOf } from '../harness.ts'
import type { PageData } from '../../src/report/page-data.ts'
import type { DefaultTreeAdapterTypes } from 'parse5'

type Element = DefaultTreeAdapterTypes.Element

function * elements (node: DefaultTreeAdapterTypes.Node): Iterable<Element> {
  if ('tagName' in node) {
    yield node
  }

  for (const child of 'childNodes' in node ? node.childNodes : []) {
    yield * elements(child)
  }
}

const text = ({ childNodes }: Element): string => childNodes.map(child => 'value' in child ? child.value : '').join('')

describe('the report', () => {
  const scenario = scenarioOf({ duration: 5000, title: 'Does </script><b> end it?', members: [{ id: 'node', count: 2, cache: { blocks: 9, hit: 1 } }] })
  const runs = ['round-robin', 'rendezvous'].map(strategy => runOf(scenario, strategy))
  const html = toHtml([{ scenario: parseScenario(scenario), runs }], 'kitsune-simulate --scenario "x" <y>')
  const errors: string[] = []
  const document = parse(html, { onParseError: ({ code }) => { errors.push(code) } })
  const all = [...elements(document)]
  const scripts = all.filter(({ tagName }) => tagName === 'script').map(text)

  it('is well formed', () => {
    expect(errors).to.deep.equal([])
    expect(scripts).to.have.length(3)
  })

  it('loads nothing from the network', () => {
    const refers = all.flatMap(({ tagName, attrs }) => attrs.filter(({ name }) => ['src', 'href', 'action', 'srcset'].includes(name)).map(({ name, value }) => `${tagName} ${name}=${value}`))
    expect(refers).to.deep.equal([])
    expect(all.filter(({ tagName }) => tagName === 'style').map(text).join('')).to.not.match(/url\(|@import/)
    expect(scripts.join('').replace(/\/\*.*?\*\//gs, '')).to.not.match(/\bfetch\(|XMLHttpRequest|\bimport\(|https?:\/\/(?!www\.w3\.org)/)
  })

  it('contains the plotted data, whatever the names', () => {
    const { scenarios: [shown], command }: PageData = JSON.parse(scripts[0])
    expect(command).to.equal('kitsune-simulate --scenario "x" <y>')
    expect(shown.title).to.equal('Does </script><b> end it?')
    expect(shown.runs.map(({ name }) => name)).to.deep.equal(['round-robin', 'rendezvous'])
    expect(shown.runs[0].series).to.deep.equal(JSON.parse(JSON.stringify(runs[0].series)))
    expect(shown.parameters.find(({ name }) => name === 'members[0].cache.hit')).to.deep.equal({ name: 'members[0].cache.hit', value: '1', about: 'ms of work on a block that is in the cache; others take `service`' })
  })

  it('has valid scripts, which use only what is in the page', () => {
    for (const script of scripts.slice(1)) {
      expect(() => new Script(script)).to.not.throw()
    }

    // what a compiler would have imported
    expect(scripts[2]).to.not.match(/\bimport\b|\brequire\b|__\w+/)
  })
})
