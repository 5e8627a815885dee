import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'aegir/chai'
import { CID } from 'multiformats/cid'
import { needGatewayCars, needKubo } from '../../src/needs.ts'
import { stack } from '../../src/stack.ts'
import { DIFFERENCES, readAnswer } from './gateway-differences.ts'
import { badRequests, readFixture, requestsAbout, requestsFor } from './gateway-requests.ts'
import type { Answer } from './gateway-differences.ts'
import type { Fixture, GatewayRequest } from './gateway-requests.ts'
import type { Balancer } from '../../src/balancer.ts'
import type { Kubo } from '../../src/kubo.ts'

/** A block that no node has. */
const ABSENT = CID.parse('bafkreigaknpexyvxt76zgkitavbwx6ejgfheup5oybpm77f3pxzrvwpfdi')

const MOST_SHOWN = 20

describe('an HTTP door and the gateway of kubo', function () {
  this.timeout(90_000)

  let binary: string
  let holder: Kubo
  let balancer: Balancer
  let fixtures: readonly Fixture[]
  const used = new Set<string>()
  const peers = stack(() => binary)

  before(async function () {
    const what = 'an HTTP door and the gateway of kubo'
    binary = needKubo(this, what)
    const folder = needGatewayCars(this, what)
    holder = await peers.kubo({ gateway: { DeserializedResponses: false } })
    const files = (await readdir(folder, { recursive: true })).filter(name => name.endsWith('.car')).sort()
    const cars = await Promise.all(files.map(async name => readFile(join(folder, name))))

    for (const car of cars) {
      const form = new FormData()
      form.append('file', new Blob([new Uint8Array(car)]))
      await (await holder.call('dag/import', [], { 'pin-roots': 'false' }, { body: form })).text()
    }

    fixtures = await Promise.all(cars.map(readFixture))

    balancer = await peers.balancer({ downstreams: [holder.url], args: ['--http', 'http://127.0.0.1:0'] })
  })

  after(async () => {
    await peers.stop()
  })

  /** Returns the unintended differences. */
  async function compare ({ method, path, headers }: GatewayRequest): Promise<string[]> {
    const init = { method, headers, redirect: 'manual' } as const
    const [theirs, ours] = await Promise.all([
      readAnswer(await fetch(`${holder.gateway}${path}`, init)),
      readAnswer(await fetch(`${balancer.http[0]}${path}`, init))
    ])
    const request = { method, path, headers: new Headers(headers) }
    const applied = DIFFERENCES.filter(({ applies }) => applies({ request, theirs, ours }))
    applied.forEach(({ name }) => { used.add(name) })
    const except = new Set(applied.flatMap(({ fields }) => fields))
    const fields = [...new Set([...Object.keys(theirs), ...Object.keys(ours)])].filter(field => !except.has('all') && !except.has(field))

    return fields.flatMap(field => theirs[field] === ours[field] ? [] : [`${method} ${path} ${JSON.stringify(headers ?? {})}: ${field} is ${show(ours[field])}, that of kubo ${show(theirs[field])}`])
  }

  async function compareAll (requests: readonly GatewayRequest[]): Promise<void> {
    const differences: string[] = []
    const queue = [...requests]

    const work = async (): Promise<void> => {
      for (let request = queue.shift(); request != null; request = queue.shift()) {
        differences.push(...await compare(request))
      }
    }

    await Promise.all(Array.from({ length: 8 }, work))
    expect(differences.slice(0, MOST_SHOWN), `${differences.length} of ${requests.length} requests`).to.deep.equal([])
  }

  it('answer alike for each block, CAR, scope, range and path of boxo\'s fixtures', async () => {
    await compareAll(fixtures.flatMap(requestsFor))
  })

  it('negotiate formats and handle conditions alike', async () => {
    await compareAll(fixtures.flatMap(({ cids }) => requestsAbout(cids[0])))
  })

  it('refuse malformed requests and missing blocks alike', async () => {
    await compareAll([...badRequests(fixtures[0].root), ...['raw', 'car'].flatMap(format => (['GET', 'HEAD'] as const).map(method => ({ method, path: `/ipfs/${ABSENT}?format=${format}` })))])
  })

  it('differ only as listed', () => {
    expect(DIFFERENCES.map(({ name }) => name).filter(name => !used.has(name))).to.deep.equal([])
  })
})

function show (value: Answer[string]): string {
  const text = JSON.stringify(value) ?? 'missing'

  return text.length > 300 ? `${text.slice(0, 300)}… (${text.length})` : text
}
