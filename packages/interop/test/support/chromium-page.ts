import { createServer } from 'node:http'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { removeFolder, startProcess, temporaryFolder } from '../../src/processes.ts'
import type { AddressInfo } from 'node:net'

/** Bundles a page into one script. `alias`: replacements for packages. */
export async function bundlePage (file: URL, alias: Record<string, string> = {}): Promise<string> {
  const { outputFiles: [{ text }] } = await build({
    entryPoints: [fileURLToPath(file)],
    bundle: true,
    alias,
    format: 'esm',
    platform: 'browser',
    target: 'es2024',
    write: false,
    logLevel: 'silent'
  })

  return text
}

/**
 * Opens a page in Chromium, and returns the result of its task.
 *
 * @param chromium - path of the binary
 * @param script - fetches `/task`, and posts its result to `/result`
 * @param task - a value that JSON can represent
 * @param flags - of Chromium
 * @param scripts - further ones, by their paths
 */
export async function runPage <Result> (chromium: string, script: string, task: unknown, flags: readonly string[] = [], scripts: Readonly<Record<string, string>> = {}): Promise<Result> {
  const served: Readonly<Record<string, string>> = { ...scripts, '/page.js': script }
  const { promise, resolve } = Promise.withResolvers<Result>()
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost')

    if (pathname === '/result') {
      request.setEncoding('utf8')
      let text = ''
      request.on('data', (chunk: string) => { text += chunk })
      request.on('end', () => {
        response.end()
        resolve(JSON.parse(text))
      })
    } else if (pathname === '/task') {
      response.end(JSON.stringify(task))
    } else if (served[pathname] != null) {
      response.writeHead(200, { 'content-type': 'text/javascript' }).end(served[pathname])
    } else {
      response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><script type="module" src="/page.js"></script>')
    }
  })
  await new Promise<void>(resolve => { server.listen(0, '127.0.0.1', resolve) })
  const profile = temporaryFolder('chromium')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  const browser = startProcess(chromium, ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run', ...flags, `--user-data-dir=${profile}`, url])

  try {
    return await Promise.race([promise, browser.exited.then(() => {
      throw new Error(`Chromium has ended: ${browser.output.join('\n')}`)
    })])
  } finally {
    await browser.stop()
    server.closeAllConnections()
    await new Promise(resolve => server.close(resolve))
    removeFolder(profile)
  }
}
