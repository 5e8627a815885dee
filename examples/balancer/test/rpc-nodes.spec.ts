import { expect } from 'aegir/chai'
import { createSecret } from '../src/config/secret.ts'
import { perRpcNode } from '../src/rpc-nodes.ts'
import type { DownstreamConfig } from '../src/config/downstream-config.ts'
import type { RpcNode } from '../src/rpc-nodes.ts'

describe('an object for each node that is configured by its RPC', () => {
  const node: DownstreamConfig = { id: 'a', kind: 'rpc', address: 'http://192.0.2.1', weight: 1, labels: {} }
  const nodes = new Map<string, DownstreamConfig>()
  const made: RpcNode[] = []
  let find: (id: string) => RpcNode | undefined

  beforeEach(() => {
    nodes.clear()
    nodes.set('a', node)
    nodes.set('b', { ...node, id: 'b' })
    nodes.set('swarm', { ...node, id: 'swarm', kind: 'swarm' })
    made.splice(0)
    find = perRpcNode({ find: id => nodes.get(id) }, node => {
      made.push(node)

      return node
    })
  })

  it('is created once, and only when it is used', () => {
    expect(find('a')).to.equal(find('a'))
    expect(made).to.deep.equal([{ id: 'a', url: 'http://192.0.2.1', authorization: undefined }])
  })

  it('is created again when the configuration of the node has changed', () => {
    find('a')
    nodes.set('a', { ...node, authorization: createSecret('Bearer x') })
    find('a')
    expect(made.map(({ authorization }) => authorization)).to.deep.equal([undefined, 'Bearer x'])
  })

  it('is not created for other nodes', () => {
    expect([find('swarm'), find('unknown'), made.length]).to.deep.equal([undefined, undefined, 0])
  })
})
