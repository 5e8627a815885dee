import { expect } from 'aegir/chai'
import { createTraversalClients } from '../../src/refs/traversal-clients.ts'

describe('the clients of a traversal', () => {
  it('are each asked from the first reader that adds it until the last one has left', () => {
    const log: string[] = []
    const clients = createTraversalClients({
      addClient: peer => { log.push(`+${peer}`) },
      removeClient: peer => { log.push(`-${peer}`) }
    })
    clients.add('x')
    clients.add('x')
    clients.add('y')
    expect([log.splice(0), clients.size]).to.deep.equal([['+x', '+y'], 2])
    clients.remove(['x', 'y'])
    expect([log.splice(0), clients.size]).to.deep.equal([['-y'], 1])
    clients.remove(['x'])
    expect([log, clients.size]).to.deep.equal([['-x'], 0])
  })
})
