import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect } from 'aegir/chai'
import type { AddressInfo } from 'node:net'

describe('the README', () => {
  it('has an example that asks a node', async () => {
    const [, example] = /```ts\n([^]*?)```/.exec(readFileSync(new URL('../README.md', import.meta.url), 'utf8')) ?? []
    const server = createServer((request, response) => { response.end(request.url === '/api/v0/id' ? '{"ID":"12D3"}' : '') })
    await new Promise<void>(resolve => { server.listen(0, '127.0.0.1', resolve) })
    const { port } = server.address() as AddressInfo
    const file = fileURLToPath(new URL('./readme-example.ts', import.meta.url))
    await writeFile(file, example.replace("'@kitsune/kubo-rpc'", "'../src/index.ts'"))

    try {
      const { stdout } = await promisify(execFile)(process.execPath, [file], { env: { ...process.env, KUBO: `http://me:secret@127.0.0.1:${port}` } })
      expect(stdout).to.equal(`12D3 at http://127.0.0.1:${port}: 0 bytes\n`)
    } finally {
      await rm(file)
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    }
  })
})
