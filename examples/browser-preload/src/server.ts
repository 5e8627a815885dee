import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import type { PreloadAddress } from './page/preload-address.ts'
import type { AddressInfo } from 'node:net'

/** Where the page is served, and the preload node that it uses. */
export interface PageServerInit {
  /** The node at which the page leaves files. */
  readonly node: PreloadAddress
  /** The port, on loopback. Default: any free port. */
  readonly port?: number
}

/** A running server of the page. */
export interface PageServer {
  readonly url: string
  stop (): Promise<void>
}

interface Answer {
  readonly type: string
  readonly body: string
}

const HEADERS = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'self'; connect-src http: https: ws: wss: blob:; img-src 'self' data:"
}

/** Bundles the page, and serves it on loopback. */
export async function startPageServer ({ node, port = 0 }: PageServerInit): Promise<PageServer> {
  const answers: Readonly<Record<string, Answer>> = {
    '/': { type: 'text/html; charset=utf-8', body: await pageFile('index.html') },
    '/style.css': { type: 'text/css; charset=utf-8', body: await pageFile('style.css') },
    '/page.js': { type: 'text/javascript; charset=utf-8', body: await bundlePage() },
    '/preload-node.json': { type: 'application/json', body: JSON.stringify(node) }
  }
  const server = createServer(({ method, url = '/' }, response) => {
    const answer = method === 'GET' ? answers[url] : undefined

    if (answer == null) {
      response.writeHead(404, HEADERS).end()
    } else {
      response.writeHead(200, { ...HEADERS, 'content-type': answer.type }).end(answer.body)
    }
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async stop () {
      server.closeAllConnections()
      await new Promise(resolve => { server.close(resolve) })
    }
  }
}

async function pageFile (name: string): Promise<string> {
  return readFile(source(name), 'utf8')
}

/** The page's script with everything that it imports. */
async function bundlePage (): Promise<string> {
  const { outputFiles: [{ text }] } = await build({
    entryPoints: [source('page.ts')],
    bundle: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2024',
    minify: true,
    write: false,
    logLevel: 'silent'
  })

  return text
}

/** The path of a file of the page: they are in src, even if this module runs from dist/src. */
function source (name: string): string {
  return fileURLToPath(new URL(import.meta.url.includes('/dist/') ? `../../src/page/${name}` : `./page/${name}`, import.meta.url))
}
