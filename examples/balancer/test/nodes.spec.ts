import { InvalidOptionError } from '@kitsune/want-router'
import { expect } from 'aegir/chai'
import { NO_LOG } from '../src/log/log.ts'
import { createNodes } from '../src/nodes.ts'
import { load } from './support/config.ts'
import type { DownstreamConfig } from '../src/config/downstream-config.ts'
import type { Nodes } from '../src/nodes.ts'

const parse = (...downstreams: string[]): readonly DownstreamConfig[] => load({ flags: downstreams.map(text => `-d ${text}`).join(' ') }).downstreams

/** Nodes of a router that records the calls. */
function rig (...configured: string[]): { nodes: Nodes, said: string[], errors: string[], finish (id: string): Promise<void> } {
  const said: string[] = []
  const errors: string[] = []
  const draining = new Map<string, () => void>()
  const nodes = createNodes({
    downstreams: parse(...configured),
    grace: 60_000,
    log: { ...NO_LOG, error (message) { errors.push(message) } },
    members: {
      add ({ id, weight }) {
        if (id === 'itself') {
          throw new InvalidOptionError('it is the router itself')
        }

        said.push(`add ${id} ${weight}`)
      },
      update (id, { weight, labels }) { said.push(`update ${id} ${weight} ${JSON.stringify(labels)}`) },
      remove: async (id, { drain, signal }) => {
        said.push(`remove ${id} ${drain ? 'when it has finished' : 'at once'}`)
        await new Promise<void>(resolve => {
          draining.set(id, resolve)
          signal.addEventListener('abort', () => { resolve() })
        })
      }
    }
  })

  return {
    nodes,
    said,
    errors,
    async finish (id) {
      draining.get(id)?.()
      await new Promise(resolve => setImmediate(resolve))
    }
  }
}

describe('nodes of a running balancer', () => {
  it('follow the configuration, and are not touched if it has not changed', () => {
    const { nodes, said } = rig('http://a:5001;name=a', 'http://b:5001;name=b', 'http://c:5001;name=c;label.zone=x')
    nodes.follow(parse('http://c:5001;name=c;weight=3;label.zone=y', 'http://d:5001;name=d;weight=2', 'http://a:5001;name=a'))

    expect(said).to.deep.equal(['update c 3 {"zone":"y"}', 'add d 2', 'remove b when it has finished'])
    nodes.follow(parse('http://c:5001;name=c;weight=3;label.zone=y', 'http://d:5001;name=d;weight=2', 'http://a:5001;name=a'))
    expect(said).to.have.length(3)
    expect(nodes.find('d')).to.include({ address: 'http://d:5001' })
  })

  for (const [what, text] of [['address', 'http://other:5001;name=a'], ['kind', '/ip4/10.0.0.1/tcp/4001/p2p/12D3KooWGC6TvWhfapngX6wvJHMYvKpDMXPb3ZnCZ6dMoaMtimQ5;name=a'], ['credentials', 'http://u:p@a:5001;name=a'], ['entries', 'http://a:5001;name=a;entries=7']]) {
    it(`a node with another ${what} replaces the old one once that has finished`, async () => {
      const { nodes, said, finish } = rig('http://a:5001;name=a')
      nodes.follow(parse(text))
      expect(said).to.deep.equal(['remove a when it has finished'])
      await finish('a')
      expect(said.slice(1)).to.deep.equal(['add a 1'])
      expect(nodes.find('a')).to.deep.include({ id: 'a' })
    })
  }

  it('once a node has finished, the current configuration decides what follows', async () => {
    const { nodes, said, finish } = rig('http://a:5001;name=a', 'http://b:5001;name=b')
    nodes.follow(parse('http://b:5001;name=b'))
    // the configuration contains it again, with another weight
    nodes.follow(parse('http://a:5001;name=a;weight=5', 'http://b:5001;name=b'))
    expect(said).to.have.length(1)
    await finish('a')
    expect(said.slice(1)).to.deep.equal(['add a 5'])

    nodes.follow(parse('http://x:5001;name=a', 'http://b:5001;name=b'))
    nodes.follow(parse('http://b:5001;name=b'))
    await finish('a')
    expect(said.slice(2)).to.deep.equal(['remove a when it has finished'])
    expect(nodes.find('a')).to.equal(undefined)
  })

  it('a node that cannot be added is logged, and the others are added', () => {
    const { nodes, said, errors } = rig('http://a:5001;name=a')
    nodes.follow(parse('http://x:5001;name=itself', 'http://b:5001;name=b', 'http://a:5001;name=a'))

    expect(said).to.deep.equal(['add b 1'])
    expect(errors).to.deep.equal(['node itself cannot be added: it is the router itself'])
  })

  it('no node replaces one that was cut off when the balancer stopped', async () => {
    const { nodes, said, finish } = rig('http://a:5001;name=a')
    nodes.follow(parse('http://x:5001;name=a'))
    nodes.stop()
    await finish('a')

    expect(said).to.deep.equal(['remove a when it has finished'])
  })
})
