import { once } from 'node:events'
import { createServer } from 'node:net'
import { expect } from 'aegir/chai'
import { MemberRefsError } from '../../src/errors.ts'
import { kuboRefs } from '../../src/node/kubo-refs.ts'
import { parseRefsQuery } from '../../src/refs/query.ts'
import type { AddressInfo, Server, Socket } from 'node:net'

const CID = 'bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi'
const query = parseRefsQuery(new URLSearchParams(`r=true&u=1&arg=${CID}/a%20%26b&peer=x&evil=1`))
const HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTrailer: X-Stream-Error\r\nTransfer-Encoding: chunked\r\n\r\n'
const line = (ref: string, err = ''): string => `${JSON.stringify({ Ref: ref, Err: err })}\n`
const chunk = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`
const LINES = [line('a'), line('b'), line('c')].map(chunk).join('')

describe('refs of a kubo', () => {
  let server: Server
  let socket: Socket | undefined
  let request = ''

  afterEach(async () => {
    socket?.destroy()
    server.close()
    await once(server, 'close')
  })

  /** Answers the one request with raw bytes. */
  const answer = async (text: string, end: 'end' | 'reset' | 'keep' = 'keep'): Promise<string> => {
    server = createServer(connection => {
      socket = connection
      connection.on('error', () => {})
      connection.once('data', data => {
        request = data.toString()
        connection.write(text, () => {
          if (end === 'end') {
            connection.end()
          } else if (end === 'reset') {
            connection.resetAndDestroy()
          }
        })
      })
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')

    return `http://user:secret@127.0.0.1:${(server.address() as AddressInfo).port}`
  }

  const read = async (url: string, signal = new AbortController().signal): Promise<{ refs: string[], error?: Error }> => {
    const refs: string[] = []

    try {
      for await (const { ref } of kuboRefs({ url }).refs(query, signal)) {
        refs.push(ref)
      }

      return { refs }
    } catch (error) {
      return { refs, error: error as Error }
    }
  }

  it('are read to a clean end', async () => {
    expect(await read(await answer(`${HEAD}${LINES}0\r\n\r\n`))).to.deep.equal({ refs: ['a', 'b', 'c'] })
    expect(request).to.match(new RegExp(`^POST /api/v0/refs\\?arg=%2Fipfs%2F${CID}%2Fa\\+%26b&recursive=true&unique=true HTTP/1.1\r\n`))
    expect(request.toLowerCase()).to.include(`authorization: basic ${btoa('user:secret')}`.toLowerCase()).and.not.include('user-agent')
  })

  const LATE: ReadonlyArray<readonly [string, string, 'end' | 'reset' | 'keep']> = [
    ['a trailer', `${HEAD}${LINES}0\r\nX-Stream-Error: context deadline exceeded\r\n\r\n`, 'keep'],
    ['an error in the last line', `${HEAD}${LINES}${chunk(line('', 'merkledag: not found'))}0\r\n\r\n`, 'keep'],
    ['a connection that is cut between chunks', `${HEAD}${LINES}`, 'end'],
    ['a connection that is reset', `${HEAD}${LINES}`, 'reset'],
    ['a line that is cut', `${HEAD}${LINES}${chunk('{"Ref":"d"')}0\r\n\r\n`, 'keep'],
    ['an answer that ends with its connection', `HTTP/1.0 200 OK\r\n\r\n${line('a')}${line('b')}${line('c')}`, 'end'],
    ['what is not JSON', `${HEAD}${LINES}${chunk('<html>\n')}0\r\n\r\n`, 'keep'],
    ['JSON that is not a ref', `${HEAD}${LINES}${chunk('{"Key":1}\n')}0\r\n\r\n`, 'keep'],
    ['a line without end', `${HEAD}${LINES}${chunk('x'.repeat(70_000))}`, 'keep']
  ]

  for (const [what, text, end] of LATE) {
    it(`throw for ${what}`, async () => {
      const { refs, error } = await read(await answer(text, end))

      // a reset may overtake the lines
      expect(end === 'reset' ? ['a', 'b', 'c'] : refs).to.deep.equal(['a', 'b', 'c'])
      expect(error).to.be.an.instanceOf(MemberRefsError)
    })
  }

  const EARLY: ReadonlyArray<readonly [string, string, RegExp]> = [
    ['an error of kubo', 'HTTP/1.1 500 Internal Server Error\r\nContent-Length: 44\r\n\r\n{"Message":"no such thing","Code":0,"x":"y"}', /answered 500: no such thing$/],
    ['a redirect', 'HTTP/1.1 307 Temporary Redirect\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n', /redirects/],
    ['a refusal', 'HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n', /answered 401/]
  ]

  for (const [what, text, message] of EARLY) {
    it(`throw for ${what}`, async () => {
      const { refs, error } = await read(await answer(text))

      expect(refs).to.be.empty()
      expect(error).to.be.an.instanceOf(MemberRefsError).with.property('message').that.matches(message)
      expect(error?.message).to.not.include('secret')
    })
  }

  it('throw without a listener', async () => {
    const url = await answer('')
    server.close()
    await once(server, 'close')

    expect(await read(url)).to.have.nested.property('error.message').that.includes('ECONNREFUSED')
    server = createServer().listen(0)
  })

  it('stop when the signal aborts: the connection is closed', async () => {
    const stopping = new AbortController()
    const url = await answer(`${HEAD}${LINES}`)
    const reading = read(url, stopping.signal)
    await once(server, 'connection')
    const closed = once(socket as Socket, 'close')
    stopping.abort(new Error('enough'))

    expect((await reading).error).to.have.property('message', 'enough')
    await closed
  })

  it('stop when no more are read', async () => {
    const refs = kuboRefs({ url: await answer(`${HEAD}${LINES}`) }).refs(query, new AbortController().signal)[Symbol.asyncIterator]()
    await refs.next()
    const closed = once(socket as Socket, 'close')
    await refs.return?.()
    await closed
  })
})
