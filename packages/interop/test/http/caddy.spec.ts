import { readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:http2'
import { request } from 'node:https'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'aegir/chai'
import { seededBlock, seededBlocks } from '../../src/blocks.ts'
import { freePort } from '../../src/free-port.ts'
import { needCaddy, needKubo } from '../../src/needs.ts'
import { removeFolder, runProcess, startProcess, temporaryFolder } from '../../src/processes.ts'
import { stack } from '../../src/stack.ts'
import { poll } from '../../src/until.ts'
import { recordsClient } from '../support/records-client.ts'
import type { Balancer } from '../../src/balancer.ts'
import type { TestBlock } from '../../src/blocks.ts'
import type { Kubo } from '../../src/kubo.ts'

interface CaddyConfig {
  readonly admin?: unknown
  readonly apps: { readonly http: { readonly servers: Record<string, object> }, readonly [name: string]: unknown }
}

/** How soon a kubo is served after the only node has come back, ms. */
const RETURN_MS = 5000

const CADDYFILE = fileURLToPath(new URL('../../../../docs/Caddyfile', import.meta.url))

describe('a balancer behind Caddy, with the Caddyfile of the documentation', function () {
  this.timeout(60_000)

  let binary: string
  let holder: Kubo
  let balancer: Balancer
  let block: TestBlock
  let port: number
  const peers = stack(() => binary)

  before(async function () {
    const caddy = needCaddy(this, 'a balancer behind Caddy')
    binary = needKubo(this, 'a balancer behind Caddy')
    holder = await peers.kubo()
    block = await seededBlock(300_000, 'caddy')
    await holder.putBlock(block.bytes)
    port = await freePort()
    balancer = await peers.balancer({
      downstreams: [holder.url],
      args: ['--http', 'http://127.0.0.1:0', '--public-url', `https://localhost:${port}`, '--trusted-proxy', '127.0.0.1']
    })
    await startCaddy(caddy)
  })

  after(async () => {
    await peers.stop()
  })

  /** Caddy makes the certificate itself, for a site that is not a public name. */
  async function startCaddy (caddy: string): Promise<void> {
    const folder = temporaryFolder('caddy')
    const env = { GATEWAY_SITE: `https://localhost:${port}`, GATEWAY_BALANCER: new URL(balancer.http[0]).host, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder, HOME: folder }
    const config = JSON.parse(await runProcess(caddy, ['adapt', '--adapter', 'caddyfile', '--config', CADDYFILE], { env })) as CaddyConfig
    writeFileSync(join(folder, 'config.json'), JSON.stringify(onLoopback(config, port)))

    const running = startProcess(caddy, ['run', '--config', join(folder, 'config.json')], { env })
    peers.onStop(async () => {
      await running.stop()
      removeFolder(folder)
    })
    await poll(async () => await statusOf('/ipfs/bafkqaaa?format=raw') === 200, `Caddy to answer:\n${running.output.join('\n')}`)
  }

  async function statusOf (path: string): Promise<number> {
    return new Promise((resolve, reject) => {
      request(`https://localhost:${port}${path}`, { rejectUnauthorized: false }, response => {
        response.resume()
        response.on('end', () => { resolve(response.statusCode ?? 0) })
      }).on('error', reject).end()
    })
  }

  it('is the one that the page shows', () => {
    const page = readFileSync(join(dirname(CADDYFILE), 'http.md'), 'utf8')
    expect(page).to.include(`\`\`\`caddyfile\n${readFileSync(CADDYFILE, 'utf8')}\`\`\``)
  })

  it('serves blocks over HTTP/2', async () => {
    const session = connect(`https://localhost:${port}`, { rejectUnauthorized: false })
    const stream = session.request({ ':path': `/ipfs/${block.cid}?format=raw` })
    const chunks: Buffer[] = []

    for await (const chunk of stream) {
      chunks.push(chunk)
    }

    expect(session.alpnProtocol).to.equal('h2')
    expect(Buffer.compare(Buffer.concat(chunks), block.bytes)).to.equal(0)
    session.close()
  })

  it('passes on the answers of the balancer', async () => {
    expect(await statusOf(`/routing/v1/providers/${block.cid}`)).to.equal(200)
    expect(await statusOf('/ipfs/nonsense?format=raw')).to.equal(400)
    expect(await statusOf('/ipfs/bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e?format=raw')).to.equal(404)
  })

  it('has a kubo served within 5 s of the return of the only node: it is not told a status meanwhile', async () => {
    const [later] = await seededBlocks(1, 300_000, 'after the outage')
    await holder.putBlock(later.bytes)
    const client = await peers.kubo(recordsClient({ records: balancer.http[0] }))
    await client.getBlock(`${block.cid}`, { signal: AbortSignal.timeout(20_000) })
    await holder.kill()
    await poll(async () => !await balancer.ready(), 'the balancer to notice')
    expect(await statusOf(`/ipfs/${later.cid}?format=raw`), 'what others are told').to.equal(503)

    const asked = async (): Promise<number> => balancer.metric('kitsune_balancer_http_requests_total', 'kind="block",method="HEAD",status="503"')
    const before = await asked()
    const got = client.getBlock(`${later.cid}`, { signal: AbortSignal.timeout(30_000) })
    got.catch(() => {})
    await poll(async () => await asked() > before, 'it to ask in vain')
    await holder.restart()
    await poll(balancer.ready, 'the balancer to reach the node')
    const start = performance.now()
    expect(Buffer.compare(await got, later.bytes)).to.equal(0)

    expect(performance.now() - start).to.be.below(RETURN_MS)
    expect(client.logged()).to.not.include('-> 502')
    expect(await client.peers(), 'connections of libp2p').to.deep.equal([])
  })
})

/** The configuration without fixed ports (neither 80 nor that of Caddy's own API) and without changes to the machine. */
function onLoopback (config: CaddyConfig, port: number): CaddyConfig {
  const servers = Object.fromEntries(Object.entries(config.apps.http.servers).map(([name, server]) => [name, { ...server, listen: [`127.0.0.1:${port}`], automatic_https: { disable_redirects: true } }]))

  return { admin: { disabled: true }, apps: { ...config.apps, http: { servers }, pki: { certificate_authorities: { local: { install_trust: false } } } } }
}
