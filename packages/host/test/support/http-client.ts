import { readFileSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { connect } from 'node:http2'
import { request as httpsRequest } from 'node:https'
import { fileURLToPath } from 'node:url'
import type { IncomingMessage, RequestOptions } from 'node:http'
import type { ClientHttp2Session, ClientHttp2Stream } from 'node:http2'

/** The path of a certificate or key for localhost. */
export function fixture (name: string): string {
  return fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url))
}

export const CA = ['localhost.crt', 'renewed.crt'].map(name => readFileSync(fixture(name)))

export interface Answered {
  readonly status: number
  readonly headers: Record<string, string | string[] | undefined>
  readonly body: Buffer
}

/** One request over HTTP/1.1, on its own connection. Rejects if the answer is broken off. */
export async function ask (url: string, options: RequestOptions = {}): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const request = url.startsWith('https:') ? httpsRequest : httpRequest
    const asked = request(url, { agent: false, ca: CA, ...options }, response => { bodyOf(response).then(body => { resolve({ status: response.statusCode ?? 0, headers: response.headers, body }) }, reject) })
    asked.on('error', reject)
    asked.end()
  })
}

async function bodyOf (message: IncomingMessage | ClientHttp2Stream): Promise<Buffer> {
  const chunks: Buffer[] = []

  for await (const chunk of message) {
    chunks.push(chunk)
  }

  return Buffer.concat(chunks)
}

/** A connection over HTTP/2. */
export interface Http2Client {
  readonly session: ClientHttp2Session
  ask (path: string, headers?: Record<string, string>): Promise<Answered>
  close (): void
}

export async function connectHttp2 (url: string, options: { localAddress?: string } = {}): Promise<Http2Client> {
  const session = connect(url, { ca: CA, ...options })
  await new Promise((resolve, reject) => {
    session.on('error', reject)
    session.on('connect', resolve)
  })

  return {
    session,
    async ask (path, headers = {}) {
      const stream = session.request({ ':path': path, ...headers })
      const answer = new Promise<Record<string, string>>((resolve, reject) => {
        stream.on('response', headers => { resolve(headers as Record<string, string>) })
        stream.on('error', reject)
        stream.on('close', () => { reject(new Error('closed without an answer')) })
      })
      const headersOfAnswer = await answer
      const body = await bodyOf(stream)

      // one that was reset ends like one that is complete
      if (stream.rstCode !== 0) {
        throw new Error(`reset with ${stream.rstCode}`)
      }

      return { status: Number(headersOfAnswer[':status']), headers: headersOfAnswer, body }
    },
    close () { session.destroy() }
  }
}
