import { createServer } from 'node:http'
import { rendezvous } from '@kitsune/want-router'
import { fakeBlock, fakeEnv, fakeMembers, fakeWant, strategyTests } from '@kitsune/want-router/testing'
import { expect } from 'aegir/chai'
import { CID } from 'multiformats/cid'
import { FETCH_THROUGH, fetchThrough, lastOf } from '../src/fetch-through.ts'
import { until } from './support/demo.ts'
import type { Target } from '@kitsune/want-router'
import type { Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

describe('fetch-through', () => {
  const asked: Array<{ readonly url: string, readonly response: ServerResponse }> = []
  const said: string[] = []
  /** One for each search that has begun: ends its time. */
  const searches: AbortController[] = []
  let ids: string[]
  let server: Server
  let target: Target

  beforeEach(async () => {
    asked.splice(0)
    said.splice(0)
    searches.splice(0)
    server = createServer((request, response) => { asked.push({ url: request.url ?? '', response }) })
    await new Promise<void>(resolve => { server.listen(0, '127.0.0.1', resolve) })
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const nodes = { find: (id: string) => id === FETCH_THROUGH ? undefined : { id, kind: 'rpc' as const, address: `${address}/${id}`, weight: 1, labels: {} } }
    ids = ['a']
    const status = (): never => ({ members: [...ids, FETCH_THROUGH].map(id => ({ id, state: 'up' })) }) as never

    const after = (): AbortSignal => {
      const search = new AbortController()
      searches.push(search)

      return search.signal
    }

    target = fetchThrough(() => ({ nodes, router: { status }, limits: { total: 3, perClient: 2, timeout: 1 }, after })).create({} as never)
    await target.start({
      up () {},
      down () {},
      block (_prefix: Uint8Array, bytes: Uint8Array) { said.push(`block ${[...bytes].join()}`) },
      answer (_key: string, answer: string) { said.push(answer) },
      load () {}
    } as never)
  })

  afterEach(async () => {
    await target.stop()
    server.closeAllConnections()
    await new Promise(resolve => server.close(resolve))
  })

  const ask = async (session: string, ...names: string[]): Promise<void> => {
    for (const name of names) {
      const { key, cid } = await fakeBlock(name)
      target.ask([{ key, cid, type: 'block', priority: 1, session }])
    }
  }

  it('asks a node to look for a block', async () => {
    await ask('client', 'x')
    await until(() => asked.length === 1)
    expect(asked[0].url).to.equal(`/a/api/v0/block/get?arg=${CID.decode((await fakeBlock('x')).cid)}`)
    asked[0].response.end('x')
    await until(() => said.length === 1)

    expect(said).to.deep.equal(['block 120'])
  })

  it('answers that a block is absent if there are too many, or if a node fails or does not find it in time', async () => {
    await ask('client', '1', '2', '3')
    await until(() => said.length === 1)
    await ask('other', '4', '5')
    await until(() => said.length === 2)
    await ask('local:preload', '6')
    await until(() => said.length === 3)
    await until(() => asked.length === 3)
    asked[0].response.writeHead(500).end('{"Message":"no"}')
    await until(() => said.length === 4)
    searches.forEach(search => { search.abort() })
    await until(() => said.length === 6)

    expect(said).to.deep.equal(Array(6).fill('dont-have'))
    await ask('client', '7')
    await until(() => asked.length === 4)
  })

  it('asks another node if one cannot look for the block, and no other once one has looked in vain', async () => {
    ids = ['a', 'b', 'c']
    await ask('client', 'x')
    await until(() => asked.length === 1)
    asked[0].response.writeHead(503).end('busy')
    await until(() => asked.length === 2)
    asked[1].response.destroy()
    await until(() => asked.length === 3)
    asked[2].response.end('x')
    await until(() => said.length === 1)
    expect(asked.map(({ url }) => url.slice(0, 3))).to.deep.equal(['/a/', '/b/', '/c/'])
    expect(said).to.deep.equal(['block 120'])

    await ask('client', 'y')
    await until(() => asked.length === 4)
    asked[3].response.writeHead(500).end('{"Message":"no"}')
    await until(() => said.length === 2)
    expect(asked[3].url.slice(0, 3)).to.equal('/b/')
    expect(said[1]).to.equal('dont-have')
    expect(asked).to.have.lengthOf(4)
  })

  describe('the strategy with a last member', () => {
    strategyTests(lastOf(rendezvous(), FETCH_THROUGH), { name: 'lastOf', test: { describe, it } })

    it('ranks that member after all others', () => {
      const strategy = lastOf(rendezvous(), 'member-0')(fakeEnv())
      strategy.update(fakeMembers(3))

      for (let i = 0; i < 5; i++) {
        expect(Array.from(strategy.rank(fakeWant(i)), ({ id }) => id).indexOf('member-0')).to.equal(2)
      }
    })
  })
})
