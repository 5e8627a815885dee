import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { expect } from 'aegir/chai'
import { connectClient, startNodes, until } from './support/demo.ts'
import { temporaryFolder } from './support/folder.ts'
import { killPrograms, startProgram } from './support/program.ts'
import type { Ended, Program } from './support/program.ts'
import type { DemoDag } from '../src/demo/dag.ts'
import type { DemoNodes } from '../src/demo/demo-nodes.ts'
import type { AddressInfo } from 'node:net'

// nothing answers there
const NOBODY = '/ip4/127.0.0.1/tcp/1'
const LOOPBACK = ['-l', '/ip4/127.0.0.1/tcp/0', '--admin', '127.0.0.1:0']

interface Announcement {
  peerId: string
  addresses: string[]
  admin: string
}

describe('kitsune-balancer', function () {
  this.timeout(60_000)

  const path = temporaryFolder()

  afterEach(() => {
    killPrograms()
  })

  function start (argv: readonly string[], env: Record<string, string> = {}): Program {
    return startProgram('bin', argv, { cwd: path(), env })
  }

  async function run (...argv: string[]): Promise<Ended> {
    return start(argv).ended
  }

  async function ready (program: Program): Promise<Announcement> {
    return JSON.parse(await program.line(/^\{"peerId"/)) as Announcement
  }

  describe('exits 2 with one line', () => {
    const cases: Array<[string, string[], RegExp]> = [
      ['without a downstream', [], /^kitsune-balancer: no downstream: .*-d <address>/],
      ['for an unknown flag', ['-d', NOBODY, '--prot', '1'], /^kitsune-balancer: Unknown option '--prot'/],
      ['for a wrong value', ['-d', NOBODY, '-l', 'here'], /^kitsune-balancer: -l: "here" is not a multiaddr/],
      ['for preload', ['-d', NOBODY, '-w', '/ip4/127.0.0.1/tcp/0', '-p', '8081'], /^kitsune-balancer: -p: preload is not available yet/],
      ['for a missing config file', ['--config', 'none.json'], /^kitsune-balancer: --config: cannot read the config file none.json/],
      ['for a strategy that is not there', ['-d', NOBODY, '--strategy', 'presence(./mine.js)'], /^kitsune-balancer: strategy: \.\/mine\.js cannot be imported/],
      ['for a strategy that is not there, and only checked', ['-d', NOBODY, '--strategy', './mine.js', '--check-config'], /^kitsune-balancer: strategy: \.\/mine\.js cannot be imported/],
      ['for a wrong configuration that is only checked', ['-d', NOBODY, '--grace', 'x', '--check-config'], /^kitsune-balancer: --grace/]
    ]

    for (const [name, argv, message] of cases) {
      it(name, async () => {
        const { code, stdout, stderr } = await run(...argv)

        expect(code).to.equal(2)
        expect(stderr).to.match(message)
        expect(stderr.trimEnd().split('\n')).to.have.lengthOf(1)
        expect(stdout).to.equal('')
        expect(existsSync(path('key'))).to.be.false()
      })
    }
  })

  describe('exits 1 with one line', () => {
    it('for a corrupt key file, which it leaves as it is', async () => {
      writeFileSync(path('key'), 'corrupt')
      const { code, stderr } = await run('-d', NOBODY, ...LOOPBACK)

      expect(code).to.equal(1)
      expect(stderr).to.match(/^kitsune-balancer: key file \.\/key is unusable and was left as it is: .*\n$/)
      expect(readFileSync(path('key'), 'utf8')).to.equal('corrupt')
    })

    it('for ports that are taken', async () => {
      const other = createServer()
      await new Promise<void>(resolve => other.listen(0, '127.0.0.1', resolve))
      const { port } = other.address() as AddressInfo

      for (const argv of [['-l', `/ip4/127.0.0.1/tcp/${port}`], ['--admin', `127.0.0.1:${port}`]]) {
        const { code, stderr } = await run('-d', NOBODY, ...LOOPBACK, ...argv)

        expect(code).to.equal(1)
        expect(stderr.trimEnd().split('\n')).to.have.lengthOf(1)
        expect(stderr).to.include(String(port))
      }

      await new Promise(resolve => other.close(resolve))
    })
  })

  describe('exits 0', () => {
    it('for --help, which names every option', async () => {
      const { code, stdout } = await run('--help')

      expect(code).to.equal(0)

      for (const flag of ['-d, --downstream', '-l, --listen', '-w, --websocket', '-k, --key', '-p, --preload', '--strategy', '--announce', '--admin', '--grace', '--max-connections', '--config', '--check-config', '--json', '--help', '--version']) {
        expect(stdout).to.include(flag)
      }
    })

    it('for --version', async () => {
      expect(await run('--version')).to.include({ code: 0, stderr: '' }).and.to.have.property('stdout').that.match(/^\d+\.\d+\.\d+\S*\n$/)
    })

    it('for --check-config, which shows all but secrets and touches nothing', async () => {
      writeFileSync(path('auth'), 'bearer:hunter2')
      writeFileSync(path('balancer.json'), JSON.stringify({ strategy: 'round-robin', grace: 7 }))
      const { code, stdout, stderr } = await start([
        '-d', 'http://user:hunter2@a:5001;name=a', '-d', '/ip4/10.0.0.2/tcp/5001;auth-file=auth;weight=2',
        '--config', 'balancer.json', '--check-config'
      ], { KITSUNE_GRACE: '8' }).ended

      expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' })
      expect(stdout).to.not.include('hunter2')
      expect(JSON.parse(stdout)).to.deep.include({
        downstreams: [
          { id: 'a', kind: 'rpc', address: 'http://a:5001', weight: 1, labels: {}, authorization: '***' },
          { id: '/ip4/10.0.0.2/tcp/5001', kind: 'rpc', address: '/ip4/10.0.0.2/tcp/5001', weight: 2, labels: {}, authorization: '***' }
        ],
        strategy: 'round-robin',
        grace: 8
      })
      expect(existsSync(path('key'))).to.be.false()
    })
  })

  it('shows no credential in anything it prints or serves', async () => {
    const refused = createServer(socket => { socket.resume().end('HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n') })
    await new Promise<void>(resolve => refused.listen(0, '127.0.0.1', resolve))
    const { port } = refused.address() as AddressInfo

    const program = start(['-d', `http://user:hunter2@127.0.0.1:${port}`, ...LOOPBACK, '--json'], { DEBUG: '*' })
    const { admin } = await ready(program)
    await until(async () => (await (await fetch(`${admin}/status`)).text()).includes('"why"'))
    const pages = await Promise.all(['/status', '/metrics', '/readyz'].map(async page => (await fetch(`${admin}${page}`)).text()))
    program.signal('SIGTERM')
    const { code, stdout, stderr } = await program.ended

    expect(code).to.equal(0)
    expect(stderr).to.include('libp2p')
    expect(pages.join() + stdout + stderr).to.not.match(/hunter2|dXNlcjpodW50ZXIy/)
    await new Promise(resolve => refused.close(resolve))
  })

  it('says where it listens, creates its key, and keeps its identity', async () => {
    const argv = ['-d', NOBODY, ...LOOPBACK, '-w', '/ip4/127.0.0.1/tcp/0', '-k', 'identity']
    const first = start(argv)
    const peerId = (await first.line(/peer id/)).trim().split(/\s+/).at(-1)
    await first.line(/admin .*http:\/\/127\.0\.0\.1:\d+/)
    first.signal('SIGINT')
    expect((await first.ended).code).to.equal(0)

    const second = start([...argv, '--json'])
    const announcement = await ready(second)
    second.signal('SIGTERM')
    const { code, stdout } = await second.ended

    expect(code).to.equal(0)
    expect(stdout.trimEnd().split('\n')).to.have.lengthOf(1)
    expect(announcement.peerId).to.equal(peerId)
    expect(announcement.addresses.map(address => address.replace(/\/tcp\/\d+/, '/tcp/0'))).to.deep.equal([
      `/ip4/127.0.0.1/tcp/0/p2p/${peerId}`,
      `/ip4/127.0.0.1/tcp/0/ws/p2p/${peerId}`
    ])
  })

  it('takes everything from the environment', async () => {
    const program = start(['--json'], {
      KITSUNE_DOWNSTREAM: NOBODY,
      KITSUNE_LISTEN: '/ip4/127.0.0.1/tcp/0',
      KITSUNE_ADMIN: '127.0.0.1:0',
      KITSUNE_KEY: path('elsewhere')
    })
    const { addresses } = await ready(program)
    program.signal('SIGTERM')

    expect(addresses).to.have.lengthOf(1)
    expect((await program.ended).code).to.equal(0)
    expect(existsSync(path('elsewhere'))).to.be.true()
  })

  describe('with nodes behind it', () => {
    let nodes: DemoNodes & { dag: DemoDag }

    beforeEach(async () => {
      nodes = await startNodes()
    })

    afterEach(async () => {
      await nodes.stop()
    })

    it('on SIGTERM is not ready first, sends what it has promised, then exits 0', async () => {
      const program = start([...nodes.addresses.flatMap(address => ['-d', address]), ...LOOPBACK, '--json'])
      const { addresses, admin } = await ready(program)
      await until(async () => (await fetch(`${admin}/readyz`)).ok)

      const client = await connectClient(addresses[0])
      const blocks = nodes.dag.blocks.map(async ({ cid }) => client.get(cid))
      await until(async () => (await (await fetch(`${admin}/status`)).json()).totals.wants > 0)
      program.signal('SIGTERM')

      const during: number[] = []
      await until(async () => {
        const response = await fetch(`${admin}/readyz`).catch(() => undefined)
        during.push(response?.status ?? 0)

        return response == null
      })

      const content = await Promise.all(blocks)
      expect(content.every((bytes, i) => Buffer.compare(bytes, nodes.dag.blocks[i].bytes) === 0)).to.be.true()
      // off while transfers finish, and never on again
      expect(during.indexOf(503)).to.be.greaterThan(-1)
      expect(during.slice(during.indexOf(503)).filter(status => status === 200)).to.be.empty()

      const { code, stderr } = await program.ended
      expect(code).to.equal(0)
      expect(stderr).to.match(/^kitsune-balancer: SIGTERM: finishing transfers for at most 30 s; again to exit at once\n$/)
      await client.host.stop()
    })

    it('exits at once at the second signal', async () => {
      const program = start([...nodes.addresses.flatMap(address => ['-d', address]), ...LOOPBACK, '--json'])
      await ready(program)
      program.signal('SIGTERM')
      program.signal('SIGINT')

      const { code } = await program.ended
      expect(code).to.equal(130)
    })
  })
})
