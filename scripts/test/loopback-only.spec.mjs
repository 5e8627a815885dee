import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect } from 'aegir/chai'
import { root } from '../lib/root.mjs'

// an address reserved for documentation, so that even a guard that fails reaches no host
const ELSEWHERE = '203.0.113.7'

describe('the guard that keeps tests on this host', () => {
  /** @type {string} */
  let folder

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'kitsune-guard-'))
  })

  afterEach(() => {
    rmSync(folder, { recursive: true })
  })

  /**
   * Runs a module under the guard, and returns what it prints and what the guard has written.
   *
   * @param {string} code
   */
  function guarded (code) {
    const file = join(folder, 'sent')
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
      env: { ...process.env, NODE_OPTIONS: `--import ${pathToFileURL(join(root, 'scripts/lib/loopback-only.mjs')).href}`, KITSUNE_SENT_OUT: file },
      encoding: 'utf8'
    })

    return { printed: stdout.trim(), sent: existsSync(file) ? readFileSync(file, 'utf8') : '' }
  }

  /** @type {Array<[string, string]>} */
  const ways = [
    ['a socket', `net.connect({ host: '${ELSEWHERE}', port: 9 }).on('error', err => console.log(err.code))`],
    ['a socket that is made first', `new net.Socket().on('error', err => console.log(err.code)).connect(9, '${ELSEWHERE}')`],
    ['fetch', `await fetch('http://${ELSEWHERE}/').catch(err => console.log(err.cause.code))`],
    ['a datagram', `try { dgram.createSocket('udp4').send('a', 9, '${ELSEWHERE}') } catch (err) { console.log(err.code) }`]
  ]

  for (const [what, code] of ways) {
    it(`refuses ${what} to another host, and writes it down`, () => {
      const { printed, sent } = guarded(`import net from 'node:net'; import dgram from 'node:dgram'; ${code}`)

      expect(printed).to.equal('ENETUNREACH')
      expect(sent).to.contain(ELSEWHERE)
    })
  }

  it('resolves only names of this host', () => {
    const { printed, sent } = guarded("import { lookup } from 'node:dns/promises'; await lookup('nobody.example').catch(err => console.log(err.code))")

    expect(printed).to.equal('ENOTFOUND')
    expect(sent).to.contain('looks up nobody.example')
  })

  it('allows traffic within this host', () => {
    const { printed, sent } = guarded(`
      import net from 'node:net'
      const server = net.createServer(socket => socket.end('hello')).listen(0, '127.0.0.1', async () => {
        for (const host of ['127.0.0.1', 'localhost', undefined]) {
          for await (const chunk of net.connect({ host, port: server.address().port })) {
            console.log(String(chunk))
          }
        }
        server.close()
      })`)

    expect(printed.split('\n')).to.deep.equal(['hello', 'hello', 'hello'])
    expect(sent).to.equal('')
  })
})
