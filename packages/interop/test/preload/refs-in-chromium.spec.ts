import { kuboRefs } from '@kitsune/preload/node'
import { expect } from 'aegir/chai'
import { seededBlock } from '../../src/blocks.ts'
import { needChromium } from '../../src/needs.ts'
import { bundlePage, runPage } from '../support/chromium-page.ts'
import { ENDS, startRawKubo } from '../support/raw-kubo.ts'
import { startRefsServer } from '../support/refs-server.ts'
import type { PageAnswer, PageRequest } from './refs-page.ts'
import type { RunningRefsServer } from '../support/refs-server.ts'
import type { RefsHandlerInit, RefsMember } from '@kitsune/preload'

const LATE_ERRORS = ['break', 'report'] as const

describe('refs in Chromium', function () {
  this.timeout(60_000)

  let chromium: string
  let script: string
  let cid: string
  let stops: Array<() => Promise<void>> = []

  before(async function () {
    chromium = needChromium(this, 'refs in Chromium')
    script = await bundlePage(new URL('./refs-page.ts', import.meta.url))
    cid = `${(await seededBlock(100, 'refs in Chromium')).cid}`
  })

  afterEach(async () => {
    await Promise.all(stops.map(async stop => stop()))
    stops = []
  })

  const start = async (init: Partial<RefsHandlerInit>): Promise<RunningRefsServer> => {
    const server = await startRefsServer(init)
    stops.push(server.stop)

    return server
  }

  /** What a page of another origin sees. */
  const ask = async (requests: readonly PageRequest[]): Promise<PageAnswer[]> => runPage<PageAnswer[]>(chromium, script, requests)

  const member = (refs: RefsMember['refs']): Partial<RefsHandlerInit> => ({ members: () => [{ id: 'a', refs }] })

  const hanging = member(async function * (query, signal) {
    yield await new Promise<never>((resolve, reject) => { signal.addEventListener('abort', () => { reject(signal.reason) }) })
  })

  it('have every status that a handler or a server answers, and when to come back', async () => {
    const good = await start(member(async function * () { yield { ref: 'x' } }))
    const large = await start({ limits: { links: 0 } })
    const busy = await start({ limits: { running: 0, queued: 0 } })
    const bad = await start(member(async function * () { yield await Promise.reject(new Error('it cannot')) }))
    const none = await start({})
    const draining = await start({})
    const hung = await start({ ...hanging, limits: { noProgress: 100 } })
    await draining.handler.drain()
    const query = `api/v0/refs?r=true&arg=${cid}`
    const cases: ReadonlyArray<readonly [number, string | null, PageRequest]> = [
      [200, null, { url: `${good.url}/${query}`, method: 'POST' }],
      // a preflight comes before it
      [200, null, { url: `${good.url}/${query}`, method: 'POST', headers: { 'content-type': 'application/json' } }],
      [400, null, { url: `${good.url}/api/v0/refs?arg=x`, method: 'POST' }],
      [404, null, { url: `${good.url}/api/v0/refs/`, method: 'POST' }],
      [405, null, { url: `${good.url}/${query}`, method: 'GET' }],
      [413, null, { url: `${large.url}/${query}`, method: 'POST' }],
      [429, '10', { url: `${busy.url}/${query}`, method: 'POST' }],
      [431, null, { url: `${good.url}/${query}${'x'.repeat(20_480)}`, method: 'POST' }],
      [502, null, { url: `${bad.url}/${query}`, method: 'POST' }],
      [503, '10', { url: `${none.url}/${query}`, method: 'POST' }],
      [503, '10', { url: `${draining.url}/${query}`, method: 'POST' }],
      [504, null, { url: `${hung.url}/${query}`, method: 'POST' }]
    ]
    const answers = await ask(cases.map(([, , request]) => request))

    expect(answers.map(({ status, retryAfter }) => [status, retryAfter])).to.deep.equal(cases.map(([status, retryAfter]) => [status, retryAfter]))
    expect(answers[0].body).to.equal('{"Ref":"x","Err":""}\n')
  })

  it('have preflights that are answered while every member hangs', async () => {
    const { url, handler } = await start(hanging)
    const leaving = new AbortController()
    const open = Array.from({ length: 16 }, async () => fetch(`${url}/api/v0/refs?r=true&arg=${cid}`, { method: 'POST', signal: leaving.signal }).catch(() => {}))

    while (handler.status().running < open.length) {
      await new Promise(resolve => { setImmediate(resolve) })
    }

    const [{ status }] = await ask([{ url: `${url}/api/v0/refs`, method: 'POST', headers: { 'content-type': 'application/json' } }])
    expect(status).to.equal(400)
    leaving.abort()
    await Promise.all(open)
  })

  LATE_ERRORS.forEach(lateErrors => {
    it(`can be read to an end only if the member has said that it has all, with late errors that ${lateErrors}`, async () => {
      const blocks = await Promise.all(ENDS.map(async ({ name }) => seededBlock(100, name)))
      const kubo = await startRawKubo(path => ENDS[blocks.findIndex(({ cid }) => path === `/ipfs/${cid}`)])
      stops.push(kubo.stop)
      const { url } = await start({ lateErrors, members: () => [kuboRefs({ url: kubo.url })] })
      const answers = await ask(blocks.map(({ cid }) => ({ url: `${url}/api/v0/refs?r=true&arg=${cid}`, method: 'POST' })))

      expect(answers.map(({ body }, i) => [ENDS[i].name, body !== 'broken'])).to.deep.equal(ENDS.map(({ name, complete }) => [name, complete]))
    })
  })
})
