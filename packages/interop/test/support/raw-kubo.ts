import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'

/** How an answer of kubo's RPC goes on after its last byte. */
export interface RawAnswer {
  readonly text: string
  /** Whether the connection ends. Default: it stays. */
  readonly ends?: boolean
}

/** An RPC that answers requests for refs with bytes that a test writes, and the rest with 404. */
export interface RawKubo {
  readonly url: string
  stop (): Promise<void>
}

/** Starts it; `answer` is called with the path of what is asked for, such as `/ipfs/bafy…`. */
export async function startRawKubo (answer: (path: string) => RawAnswer): Promise<RawKubo> {
  const sockets = new Set<Socket>()
  const server = createServer(socket => {
    sockets.add(socket)
    socket.on('close', () => { sockets.delete(socket) })
    socket.on('error', () => {})
    socket.once('data', head => {
      const [, target = ''] = head.toString().split(' ')
      const { pathname, searchParams } = new URL(target, 'http://kubo')
      const { text, ends = false } = pathname === '/api/v0/refs' ? answer(searchParams.get('arg') ?? '') : { text: 'HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n' }
      socket.write(text)

      if (ends) {
        socket.end()
      }
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop () {
      sockets.forEach(socket => { socket.destroy() })
      server.close()
      await once(server, 'close')
    }
  }
}

const HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTrailer: X-Stream-Error\r\nTransfer-Encoding: chunked\r\n\r\n'
const line = (ref: string, err = ''): string => `${JSON.stringify({ Ref: ref, Err: err })}\n`
const chunk = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`
const LINES = ['a', 'b', 'c'].map(ref => chunk(line(ref))).join('')

/** Answers that have three good lines, and whether they are complete then. */
export const ENDS: ReadonlyArray<{ readonly name: string, readonly complete: boolean } & RawAnswer> = [
  { name: 'a trailer with an error', complete: false, text: `${HEAD}${LINES}0\r\nX-Stream-Error: context deadline exceeded\r\n\r\n` },
  { name: 'a trailer that is announced and not sent', complete: true, text: `${HEAD}${LINES}0\r\n\r\n` },
  { name: 'an error as the last line', complete: false, text: `${HEAD}${LINES}${chunk(line('', 'merkledag: not found'))}0\r\n\r\n` },
  { name: 'a connection that is cut between chunks', complete: false, text: `${HEAD}${LINES}`, ends: true },
  { name: 'a connection that is cut in a line', complete: false, text: `${HEAD}${LINES}1c\r\n{"Ref":"d"`, ends: true },
  { name: 'HTTP/1.0, which ends with its connection', complete: false, text: `HTTP/1.0 200 OK\r\n\r\n${['a', 'b', 'c'].map(ref => line(ref)).join('')}`, ends: true }
]
