import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { createServer } from 'node:net'
import { expect } from 'aegir/chai'
import { LOOPBACK, UNREACHABLE, announcementOf, createCommandRunner, parseLog } from './support/command.ts'
import { until } from './support/demo.ts'
import { startProgram } from './support/program.ts'
import type { AddressInfo } from 'node:net'

describe('kitsune-balancer', function () {
  this.timeout(60_000)

  const { path, start, run } = createCommandRunner()

  describe('exits 2 with one line', () => {
    const cases: Array<[string, string[], RegExp]> = [
      ['without a downstream', [], /^kitsune-balancer: no downstream: .*-d <address>/],
      ['for an unknown flag', ['-d', UNREACHABLE, '--prot', '1'], /^kitsune-balancer: Unknown option '--prot'/],
      ['for a wrong value', ['-d', UNREACHABLE, '-l', 'here'], /^kitsune-balancer: -l: "here" is not a multiaddr/],
      ['for preload without WebSockets', ['-d', UNREACHABLE, '-p', '8081'], /^kitsune-balancer: -p: clients that cannot be dialled connect by WebSockets; add -w/],
      ['for a missing config file', ['--config', 'none.json'], /^kitsune-balancer: --config: cannot read the config file none.json/],
      ['for a missing strategy', ['-d', UNREACHABLE, '--strategy', 'presence(./mine.js)'], /^kitsune-balancer: strategy: \.\/mine\.js cannot be imported/],
      ['for a missing strategy that is only checked', ['-d', UNREACHABLE, '--strategy', './mine.js', '--check-config'], /^kitsune-balancer: strategy: \.\/mine\.js cannot be imported/],
      ['for a wrong configuration that is only checked', ['-d', UNREACHABLE, '--grace', 'x', '--check-config'], /^kitsune-balancer: --grace/]
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
    it('for a corrupt key file, which it leaves unchanged', async () => {
      writeFileSync(path('key'), 'corrupt')
      const { code, stderr } = await run('-d', UNREACHABLE, ...LOOPBACK)

      expect(code).to.equal(1)
      expect(stderr).to.match(/^kitsune-balancer: key file \.\/key is unusable and was left unchanged: .*\n$/)
      expect(readFileSync(path('key'), 'utf8')).to.equal('corrupt')
    })

    it('for ports in use', async () => {
      const other = createServer()
      await new Promise<void>(resolve => other.listen(0, '127.0.0.1', resolve))
      const { port } = other.address() as AddressInfo

      const taken = 'another balancer or another program uses the port (EADDRINUSE)'
      const address = `/ip4/127.0.0.1/tcp/${port}`
      const cases: Array<[argv: string[], stderr: string]> = [
        [['-l', address], `kitsune-balancer: cannot listen on ${address} (-l): ${taken}\n`],
        [['-w', address], `kitsune-balancer: cannot listen on ${address}/ws (-w): ${taken}\n`],
        [['--admin', `127.0.0.1:${port}`], `kitsune-balancer: admin server: cannot listen on 127.0.0.1:${port}: ${taken}; choose another with --admin\n`]
      ]

      for (const [argv, stderr] of cases) {
        expect(await run('-d', UNREACHABLE, ...LOOPBACK, ...argv)).to.deep.equal({ code: 1, killedBy: null, stdout: '', stderr })
      }

      const { stderr } = await run('-d', UNREACHABLE, ...LOOPBACK, '-l', address, '--log', 'json')
      expect(parseLog(stderr)).to.have.lengthOf(1).with.nested.property('[0].message', `cannot listen on ${address} (-l): ${taken}`)
      await new Promise(resolve => other.close(resolve))
    })

    it('for a Node that is too old', async () => {
      const old = 'data:text/javascript,Object.defineProperty(process, "versions", { value: { ...process.versions, node: "20.20.2" } })'
      const program = startProgram('bin', ['-d', UNREACHABLE, ...LOOPBACK], { cwd: path(), nodeArgs: ['--import', old] })

      expect(await program.ended).to.include({ code: 1, stderr: 'kitsune-balancer needs Node 22 or later; this is Node 20.20.2\n' })
    })
  })

  describe('exits 0', () => {
    it('for --help, which names every option', async () => {
      const { code, stdout } = await run('--help')

      expect(code).to.equal(0)

      for (const flag of ['-d, --downstream', '--http <host:port>', '--tls-cert', '--public-url', '--trusted-proxy', '-l, --listen', '-w, --websocket', '-k, --key', '-p, --preload', '--strategy', '--announce', '--admin', '--grace', '--max-connections', '--max-unsent', '--log-level', '--log <format>', '--config', '--check-config', '--probe', '--json', '--help', '--version']) {
        expect(stdout).to.include(flag)
      }
    })

    it('for --version', async () => {
      expect(await run('--version')).to.include({ code: 0, stderr: '' }).and.to.have.property('stdout').that.match(/^\d+\.\d+\.\d+\S*\n$/)
    })

    it('for --check-config, which shows everything except secrets and changes nothing', async () => {
      writeFileSync(path('auth'), 'bearer:hunter2')
      writeFileSync(path('balancer.json'), JSON.stringify({ strategy: 'round-robin', grace: 7 }))
      const { code, stdout, stderr } = await start([
        '-d', 'http://user:hunter2@a:5001;name=a', '-d', '/ip4/10.0.0.2/tcp/5001;auth-file=auth;weight=2',
        '-w', '/ip4/127.0.0.1/tcp/0', '-p', '8081', '--config', 'balancer.json', '--check-config'
      ], { KITSUNE_GRACE: '8', KITSUNE_REDIS: 'redis://:hunter2@10.0.0.3/' }).ended

      expect({ code, stderr }).to.deep.equal({
        code: 0,
        stderr: 'kitsune-balancer: the credentials of a are not shown; in a config file, write "authFile" with the path of a file that holds them\n' +
          'kitsune-balancer: the credentials of Redis are not shown; give the whole URL in KITSUNE_REDIS\n'
      })
      expect(stdout).to.not.include('hunter2')
      expect(JSON.parse(stdout)).to.deep.include({
        downstream: [
          { address: 'http://a:5001', name: 'a', weight: 1, labels: {} },
          { address: '/ip4/10.0.0.2/tcp/5001', weight: 2, labels: {}, authFile: 'auth' }
        ],
        redis: 'redis://10.0.0.3',
        strategy: 'round-robin',
        grace: 8
      })
      expect(existsSync(path('key'))).to.be.false()

      // it accepts the file that it prints
      writeFileSync(path('printed.json'), stdout)
      expect(await run('--config', 'printed.json', '--check-config')).to.deep.equal({ code: 0, killedBy: null, stdout, stderr: '' })
    })
  })

  describe('while it starts', () => {
    it('ends at a signal', async () => {
      writeFileSync(path('hangs.mjs'), 'setInterval(() => {}, 1000); console.error("hanging"); await new Promise(() => {})')
      const program = start(['-d', UNREACHABLE, ...LOOPBACK, '--strategy', './hangs.mjs'])
      await program.errorLine(/hanging/)
      program.signal('SIGTERM')

      expect(await program.ended).to.include({ code: 0 }).and.to.have.property('stderr').that.matches(/SIGTERM during the start/)
    })

    it('ends at a signal while it reads a file that never ends', async () => {
      execFileSync('mkfifo', [path('fifo')])
      const program = start(['-d', UNREACHABLE, ...LOOPBACK, '--config', 'fifo'])
      // resolves when the program reads the other end
      const silent = await open(path('fifo'), 'w')
      program.signal('SIGTERM')

      expect(await program.ended).to.include({ killedBy: 'SIGTERM' })
      await silent.close()
    })

    it('refuses a key that is not a regular file, and warns of one that other users can read', async () => {
      execFileSync('mkfifo', [path('fifo')])
      const refused = await run('-d', UNREACHABLE, ...LOOPBACK, '-k', 'fifo')
      expect(refused).to.include({ code: 1 })
      expect(refused.stderr).to.match(/^kitsune-balancer: cannot read key file fifo: it is not a regular file\n$/)

      const first = start(['-d', UNREACHABLE, ...LOOPBACK, '--json'])
      await announcementOf(first)
      first.signal('SIGTERM')
      await first.ended
      chmodSync(path('key'), 0o644)
      const second = start(['-d', UNREACHABLE, ...LOOPBACK, '--json'])
      await second.errorLine(/warn {2}other users can access the key file \.\/key \(mode 0644\): chmod 600 \.\/key$/)
      second.signal('SIGTERM')
      expect((await second.ended).code).to.equal(0)
    })
  })

  it('shows no credential in anything it prints or serves', async () => {
    const refused = createServer(socket => {
      // the balancer may close the connection before it has read this
      socket.on('error', () => {})
      socket.resume().end('HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n')
    })
    await new Promise<void>(resolve => refused.listen(0, '127.0.0.1', resolve))
    const { port } = refused.address() as AddressInfo

    const program = start(['-d', `http://user:hunter2@127.0.0.1:${port}`, ...LOOPBACK, '--json'], { DEBUG: '*' })
    const { admin } = await announcementOf(program)
    await until(async () => (await (await fetch(`${admin}/status`)).text()).includes('"why"'))
    const pages = await Promise.all(['/status', '/metrics', '/readyz'].map(async page => (await fetch(`${admin}${page}`)).text()))
    program.signal('SIGTERM')
    const { code, stdout, stderr } = await program.ended

    expect(code).to.equal(0)
    expect(stderr).to.include('libp2p')
    expect(pages.join() + stdout + stderr).to.not.match(/hunter2|dXNlcjpodW50ZXIy/)
    await new Promise(resolve => refused.close(resolve))
  })

  it('prints where it listens, creates its key, and keeps its identity', async () => {
    const argv = ['-d', UNREACHABLE, ...LOOPBACK, '-w', '/ip4/127.0.0.1/tcp/0', '-k', 'identity']
    const first = start(argv)
    const peerId = (await first.line(/peer id/)).trim().split(/\s+/).at(-1)
    await first.line(/admin .*http:\/\/127\.0\.0\.1:\d+/)
    first.signal('SIGINT')
    expect((await first.ended).code).to.equal(0)

    const second = start([...argv, '--json'])
    const announcement = await announcementOf(second)
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

  it('continues when the reader of its log is gone', async () => {
    const program = start(['-d', UNREACHABLE, ...LOOPBACK, '--json', '--log-level', 'debug'])
    program.closeStderr()
    const { admin } = await announcementOf(program)
    // each attempt to connect is a line at this level
    const attempts = async (): Promise<string> => (await (await fetch(`${admin}/status`)).json()).members[0].lastError?.at ?? ''
    await until(async () => await attempts() !== '')
    const first = await attempts()
    await until(async () => await attempts() !== first)
    program.signal('SIGTERM')

    expect((await program.ended).code).to.equal(0)
  })

  it('can take all options from the environment', async () => {
    const program = start(['--json'], {
      KITSUNE_DOWNSTREAM: UNREACHABLE,
      KITSUNE_LISTEN: '/ip4/127.0.0.1/tcp/0',
      KITSUNE_ADMIN: '127.0.0.1:0',
      KITSUNE_KEY: path('elsewhere')
    })
    const { addresses } = await announcementOf(program)
    program.signal('SIGTERM')

    expect(addresses).to.have.lengthOf(1)
    expect((await program.ended).code).to.equal(0)
    expect(existsSync(path('elsewhere'))).to.be.true()
  })
})
