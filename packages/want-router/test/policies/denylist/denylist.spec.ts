import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'aegir/chai'
import { denylist } from '../../../src/policies/denylist/denylist.ts'
import { fileList } from '../../../src/policies/denylist/file-list.ts'
import { urlList } from '../../../src/policies/denylist/url-list.ts'
import { askFor } from './fixtures.ts'
import type { ListSource } from '../../../src/policies/lists/reloaded-lists.ts'

const A = 'QmbWqxBEKC3P8tqsKc98xmWNzrzDtRLMiMPL8wBuTGsMnR'
const B = 'QmVTF1yEejXd9iMgoRTFDxBv7HAz9kuZcQNBzHrceuK9HR'

/** A list that a test changes; an Error is thrown. */
function list (name: string, text: string | Error): ListSource & { text: string | Error | undefined } {
  return {
    name,
    text,
    async load () {
      if (this.text instanceof Error) {
        throw this.text
      }

      return this.text
    }
  }
}

/** Timers that a test lets fire. */
function timers (): { now (): number, endOfTick (): void, after (ms: number, run: () => void): () => void, fire (): void, delays: number[] } {
  let due: (() => void) | undefined
  const delays: number[] = []

  return {
    delays,
    now: () => 0,
    endOfTick () {},
    after (ms, run) {
      delays.push(ms)
      due = run

      return () => { due = undefined }
    },
    fire () { due?.() }
  }
}

describe('denylist', () => {
  it('refuses blocks on the list, and lets others pass', async () => {
    const policy = denylist({ lists: [list('x', `/ipfs/${A}`)] })
    await policy.refresh()

    expect([policy.admit(askFor(A)), policy.admit(askFor(A)), policy.admit(askFor(B))]).to.deep.equal(['absent', 'absent', 'pass'])
  })

  it('lets the last list that has a rule decide', async () => {
    const policy = denylist({ lists: [list('bad', `/ipfs/${A}\n/ipfs/${B}`), list('mine', `!/ipfs/${A}`)], verdict: 'close' })
    await policy.refresh()

    expect([policy.admit(askFor(A)), policy.admit(askFor(B))]).to.deep.equal(['pass', 'close'])
  })

  it('serves nothing before all lists were read, unless configured otherwise, and denies blocks on the lists that were read', async () => {
    for (const [unavailable, verdict] of [[undefined, 'unknown'], ['pass', 'pass']] as const) {
      const broken = list('broken', new Error('gone'))
      const errors: string[] = []
      const policy = denylist({ lists: [list('x', `/ipfs/${A}`), broken], unavailable, onError: ({ message }) => { errors.push(message) } })
      await policy.refresh()

      expect([policy.admit(askFor(A)), policy.admit(askFor(B))]).to.deep.equal(['absent', verdict])
      expect(errors).to.deep.equal(['denylist broken: gone'])
      broken.text = ''
      await policy.refresh()
      expect(policy.admit(askFor(B))).to.equal('pass')
    }
  })

  it('reads the lists again at intervals, and keeps the rules of a list that fails or has not changed', async () => {
    const clock = timers()
    const changing = list('x', `/ipfs/${A}`)
    const policy = denylist({ lists: [changing], interval: 5000, timers: clock })
    await policy.start()

    const next = async (text: string | Error | undefined): Promise<unknown> => {
      changing.text = text
      clock.fire()
      await new Promise(resolve => { setTimeout(resolve, 0) })

      return policy.admit(askFor(A))
    }

    expect(await next(new Error('gone'))).to.equal('absent')
    expect(await next(undefined)).to.equal('absent')
    expect(await next(`/ipfs/${B}`)).to.equal('pass')
    expect(clock.delays).to.deep.equal([5000, 5000, 5000, 5000])
    policy.stop()
    expect(await next(`/ipfs/${A}`)).to.equal('pass')
  })

  it('reports the status of each list', async () => {
    const policy = denylist({ lists: [list('x', `/ipfs/${A}\n/ipns/example.com\nnonsense`), list('y', new Error('gone'))] })
    await policy.refresh()

    expect(policy.lists).to.deep.equal([
      { name: 'x', loaded: true, rules: 1, others: 1, malformed: 1 },
      { name: 'y', loaded: false, rules: 0, others: 0, malformed: 0 }
    ])
  })

  it('refuses two lists of one name', () => {
    expect(() => denylist({ lists: [list('x', ''), list('x', '')] })).to.throw().with.property('name', 'InvalidOptionError')
  })
})

describe('fileList', () => {
  it('reads a file again only if the file has changed', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'kitsune-denylist-'))
    const path = join(folder, 'x.deny')
    const { signal } = new AbortController()

    try {
      const source = fileList(path)
      await expect(source.load(signal)).to.be.rejected()
      await writeFile(path, 'a')
      expect(await source.load(signal)).to.equal('a')
      expect(await source.load(signal)).to.equal(undefined)
      await writeFile(path, 'bb')
      expect(await source.load(signal)).to.equal('bb')
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})

describe('urlList', () => {
  const { signal } = new AbortController()

  it('asks the server whether the list has changed', async () => {
    const asked: Array<string | undefined> = []
    const source = urlList('https://lists.test/x.deny', {
      async fetch (_, { headers }) {
        const known = (headers as Record<string, string>)['if-none-match']
        asked.push(known)

        return known == null ? new Response('a', { headers: { etag: '"1"' } }) : new Response(null, { status: 304 })
      }
    })

    expect([await source.load(signal), await source.load(signal)]).to.deep.equal(['a', undefined])
    expect(asked).to.deep.equal([undefined, '"1"'])
  })

  it('gives up a server that takes longer than its timeout', async () => {
    const silent = async (_url: string, { signal }: RequestInit): Promise<Response> => {
      return new Promise((_resolve, reject) => { signal?.addEventListener('abort', () => { reject(signal.reason) }) })
    }

    const error: unknown = await urlList('https://lists.test/', { timeout: 1, fetch: silent }).load(signal).catch((err: unknown) => err)

    expect(error).to.have.property('name', 'TimeoutError')
  })

  it('fails at a refusal, at a list that is too long, and at anything that is not a URL', async () => {
    await expect(urlList('https://lists.test/', { fetch: async () => new Response('no', { status: 500 }) }).load(signal)).to.be.rejectedWith('500')
    await expect(urlList('https://lists.test/', { maxLength: 3, fetch: async () => new Response('four') }).load(signal)).to.be.rejectedWith('3 bytes')
    expect(() => urlList('lists.test')).to.throw().with.property('name', 'InvalidOptionError')
  })
})
