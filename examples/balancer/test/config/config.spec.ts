import { expect } from 'aegir/chai'
import { loadConfig } from '../../src/config/config.ts'
import type { BalancerConfig } from '../../src/config/config.ts'
import type { DownstreamConfig } from '../../src/config/downstreams.ts'

const PEER = '12D3KooWGC6TvWhfapngX6wvJHMYvKpDMXPb3ZnCZ6dMoaMtimQ5'
const RPC = '/ip4/10.0.0.1/tcp/5001'

interface Given {
  flags?: string
  env?: Record<string, string>
  files?: Record<string, unknown>
}

describe('configuration', () => {
  describe('defaults', () => {
    it('are those of go-libp2p-kitsune where it has any', () => {
      const config = load({ flags: `-d ${RPC}` })

      expect(config).to.deep.equal({
        downstreams: [{ id: RPC, kind: 'rpc', address: RPC, weight: 1, labels: {} }],
        listen: ['/ip4/0.0.0.0/tcp/0'],
        websocket: [],
        announce: [],
        key: './key',
        strategy: 'bounded-load(rendezvous)',
        admin: { host: '127.0.0.1', port: 9090 },
        grace: 30,
        maxConnections: 2000,
        hashes: 'all'
      })
    })
  })

  describe('long and short flags', () => {
    it('mean the same', () => {
      expect(load({ flags: `--downstream ${RPC} --listen /ip4/127.0.0.1/tcp/1 --websocket /ip4/127.0.0.1/tcp/2 --key k` }))
        .to.deep.equal(load({ flags: `-d ${RPC} -l /ip4/127.0.0.1/tcp/1 -w /ip4/127.0.0.1/tcp/2/ws -k k` }))
    })
  })

  describe('lists', () => {
    it('are repeated, separated by commas, or both', () => {
      const config = load({ flags: '-d /ip4/10.0.0.1/tcp/5001,/ip4/10.0.0.2/tcp/5001 -d /ip4/10.0.0.3/tcp/5001 -l /ip4/127.0.0.1/tcp/1,/ip6/::1/tcp/1' })

      expect(config.downstreams.map(({ address }) => address)).to.deep.equal([1, 2, 3].map(n => `/ip4/10.0.0.${n}/tcp/5001`))
      expect(config.listen).to.deep.equal(['/ip4/127.0.0.1/tcp/1', '/ip6/::1/tcp/1'])
    })
  })

  describe('places', () => {
    it('rank flags before environment before file, option by option', () => {
      const config = load({
        flags: `-d ${RPC} --grace 1 --config balancer.json`,
        env: { KITSUNE_GRACE: '2', KITSUNE_KEY: 'from-env', KITSUNE_DOWNSTREAM: 'http://env:5001' },
        files: { 'balancer.json': { grace: 3, key: 'from-file', strategy: 'round-robin', downstream: 'http://file:5001' } }
      })

      expect(config).to.include({ grace: 1, key: 'from-env', strategy: 'round-robin' })
      expect(config.downstreams).to.have.lengthOf(1).with.nested.property('[0].id', RPC)
    })

    it('can all name the downstreams', () => {
      const expected = load({ flags: '-d http://a:5001,http://b:5001' })

      expect(load({ env: { KITSUNE_DOWNSTREAM: 'http://a:5001, http://b:5001' } })).to.deep.equal(expected)
      expect(load({ env: { KITSUNE_CONFIG: 'c' }, files: { c: { downstream: ['http://a:5001', 'http://b:5001'] } } })).to.deep.equal(expected)
      expect(load({ env: { KITSUNE_CONFIG: 'c' }, files: { c: { downstream: [{ address: 'http://a:5001' }, 'http://b:5001'] } } })).to.deep.equal(expected)
    })

    it('treat an empty environment variable as absent, and foreign ones as foreign', () => {
      expect(load({ flags: `-d ${RPC}`, env: { KITSUNE_KEY: '', KITSUNE_PORT: 'tcp://10.0.0.9:80', KITSUNE_SERVICE_HOST: 'x' } }))
        .to.deep.equal(load({ flags: `-d ${RPC}` }))
    })
  })

  describe('a downstream', () => {
    const cases: Array<[text: string, kind: 'rpc' | 'swarm', rest?: Partial<DownstreamConfig>]> = [
      [RPC, 'rpc'],
      ['/dns4/node/tcp/443/https', 'rpc'],
      ['/ip6/::1/tcp/5001/http', 'rpc'],
      ['http://node:5001', 'rpc'],
      ['https://node/behind/', 'rpc'],
      [`/ip4/10.0.0.1/tcp/4001/p2p/${PEER}`, 'swarm'],
      [`/dns4/node/tcp/443/tls/ws/p2p/${PEER}`, 'swarm'],
      [`/dnsaddr/node.example/p2p/${PEER}`, 'swarm'],
      [`${RPC};name=a;weight=2.5;label.zone=x;label.tier=0`, 'rpc', { id: 'a', weight: 2.5, labels: { zone: 'x', tier: '0' } }],
      [`${RPC} ; name=a`, 'rpc', { id: 'a' }]
    ]

    for (const [text, kind, rest] of cases) {
      it(`can be ${text}`, () => {
        const address = text.split(';')[0].trim()

        expect(loadArgv(['-d', text]).downstreams).to.deep.equal([{ id: address, kind, address, weight: 1, labels: {}, ...rest }])
      })
    }

    it('can be an object in the file', () => {
      const config = load({
        flags: '--config c',
        files: { c: { downstream: [{ address: RPC, name: 'a', weight: 2, labels: { zone: 'x' } }] } }
      })

      expect(config.downstreams).to.deep.equal(loadArgv(['-d', `${RPC};name=a;weight=2;label.zone=x`]).downstreams)
    })
  })

  describe('credentials', () => {
    const cases: Array<[string, Given, string]> = [
      ['in the URL', { flags: '-d http://user:hunter2@node:5001' }, 'Basic dXNlcjpodW50ZXIy'],
      ['in the URL, percent-encoded', { flags: '-d http://user:hun%2Cter%402@node:5001' }, `Basic ${Buffer.from('user:hun,ter@2').toString('base64')}`],
      ['in a file, bare', { flags: '-d http://node:5001;auth-file=auth', files: { auth: 'user:hunter2\n' } }, 'Basic dXNlcjpodW50ZXIy'],
      ['in a file, as kubo writes basic', { flags: '-d http://node:5001;auth-file=auth', files: { auth: 'basic:user:hunter2' } }, 'Basic dXNlcjpodW50ZXIy'],
      ['in a file, as kubo writes bearer', { flags: '-d http://node:5001;auth-file=auth', files: { auth: 'bearer:hunter2' } }, 'Bearer hunter2'],
      ['in a file named by the file', { flags: '--config c', files: { c: { downstream: [{ address: 'http://node:5001', authFile: 'auth' }] }, auth: 'bearer:hunter2' } }, 'Bearer hunter2']
    ]

    for (const [name, given, expected] of cases) {
      it(`${name} are used and never shown`, () => {
        const config = load(given)
        const [{ id, address, authorization }] = config.downstreams

        expect(authorization?.reveal()).to.equal(expected)
        expect({ id, address }).to.deep.equal({ id: 'http://node:5001', address: 'http://node:5001' })
        expect(JSON.stringify(config)).to.include('"authorization":"***"')
        expect(`${JSON.stringify(config)}${authorization}`).to.not.match(/hunter2|dXNlcjpodW50ZXIy/)
      })
    }
  })

  describe('addresses to listen on', () => {
    it('for WebSockets are the same with and without /ws', () => {
      expect(load({ flags: `-d ${RPC} -w /ip4/0.0.0.0/tcp/8080,/ip6/::/tcp/8080/ws` }).websocket)
        .to.deep.equal(['/ip4/0.0.0.0/tcp/8080/ws', '/ip6/::/tcp/8080/ws'])
    })
  })

  describe('admin address', () => {
    it('is host:port', () => {
      expect(load({ flags: `-d ${RPC} --admin 0.0.0.0:0` }).admin).to.deep.equal({ host: '0.0.0.0', port: 0 })
      expect(load({ flags: `-d ${RPC} --admin [::1]:9091` }).admin).to.deep.equal({ host: '::1', port: 9091 })
      expect(load({ flags: `-d ${RPC} --admin localhost:1` }).admin).to.deep.equal({ host: 'localhost', port: 1 })
    })
  })

  describe('mistakes', () => {
    const cases: Array<[string, Given | string[], RegExp]> = [
      ['no downstream', {}, /^no downstream: .* -d/],
      ['an empty downstream', ['-d', ','], /^-d: names no downstream/],
      ['an unknown flag', ['--dowstream', RPC], /^Unknown option '--dowstream' \(see --help\)$/],
      ['an unknown short flag', ['-x'], /'-x'/],
      ['a stray argument', [RPC], /^Unexpected argument/],
      ['a flag without its value', ['-d'], /'-d, --downstream <value>'/],
      ['preload', ['-d', RPC, '-p', '8081'], /^-p: preload is not available yet/],
      ['text that is no address', ['-d', 'node:5001'], /^-d: .*"node:5001".* neither a multiaddr nor an http/],
      ['a URL that is none', ['-d', 'http://'], /^-d: .*"http:\/\/"/],
      ['an RPC over UDP', ['-d', '/ip4/10.0.0.1/udp/4001/quic-v1'], /^-d: .*no address of an HTTP API/],
      ['a swarm address over QUIC', ['-d', `/ip4/10.0.0.1/udp/4001/quic-v1/p2p/${PEER}`], /no QUIC or WebTransport/],
      ['a relayed address', ['-d', `/ip4/10.0.0.1/tcp/4001/p2p/${PEER}/p2p-circuit/p2p/${PEER}`], /relays/],
      ['two downstreams with one name', ['-d', `${RPC};name=a,http://b:5001;name=a`], /^-d: two downstreams are called a/],
      ['the same downstream twice', ['-d', `${RPC},${RPC}`], /two downstreams/],
      ['a weight of 0', ['-d', `${RPC};weight=0`], /^-d: a weight must be/],
      ['a weight that is no number', ['-d', `${RPC};weight=much`], /^-d: a weight must be/],
      ['an unknown parameter', ['-d', `${RPC};wieght=2`], /unknown parameter "wieght"/],
      ['a parameter without value', ['-d', `${RPC};name`], /expected key=value, got "name"/],
      ['a label that no metric can bear', ['-d', `${RPC};label.a-b=x`], /^-d: label "a-b"/],
      ['a name with spaces', ['-d', `${RPC};name=a b`], /^-d: name "a b"/],
      ['a swarm address of nobody', ['-d', '/ip4/10.0.0.1/tcp/4001/p2p/nobody'], /^-d: .*nobody/],
      ['a password that is not percent-encoded', ['-d', 'http://a:%@node:5001'], /^-d: .*percent-encoded/],
      ['credentials in two places', { flags: '-d http://u:p@node:5001;auth-file=auth', files: { auth: 'u:p' } }, /auth-file is for an RPC/],
      ['credentials for a swarm address', { flags: `-d /ip4/10.0.0.1/tcp/4001/p2p/${PEER};auth-file=auth`, files: { auth: 'u:p' } }, /auth-file is for an RPC/],
      ['an auth-file that is not there', { flags: '-d http://node:5001;auth-file=auth' }, /^-d: cannot read auth-file auth: /],
      ['an auth-file without credentials', { flags: '-d http://node:5001;auth-file=auth', files: { auth: 'secret' } }, /expected user:password/],
      ['listening over QUIC', ['-d', RPC, '-l', '/ip4/0.0.0.0/udp/4001/quic-v1'], /^-l: .*no QUIC or WebTransport/],
      ['listening for WebSockets with -l', ['-d', RPC, '-l', '/ip4/0.0.0.0/tcp/4001/ws'], /^-l: .*with -w/],
      ['listening for TLS', ['-d', RPC, '-w', '/ip4/0.0.0.0/tcp/443/tls/ws'], /^-w: .*TLS is ended by a proxy/],
      ['listening on nonsense', ['-d', RPC, '-l', 'nonsense'], /^-l: "nonsense" is not a multiaddr/],
      ['an unknown strategy', ['-d', RPC, '--strategy', 'luck'], /^--strategy: .*luck/],
      ['an admin address without host', ['-d', RPC, '--admin', ':9090'], /^--admin: expected host:port/],
      ['an admin port that is none', ['-d', RPC, '--admin', 'localhost:99999'], /^--admin: expected host:port/],
      ['a grace that is no number', ['-d', RPC, '--grace', 'long'], /^--grace: must be a number from 0 to/],
      ['a negative number of connections', ['-d', RPC, '--max-connections=-1'], /^--max-connections: must be a number from 1 to/],
      ['a wrong environment variable', { flags: `-d ${RPC}`, env: { KITSUNE_LISTEN: 'x' } }, /^KITSUNE_LISTEN: /],
      ['a config file that is not there', { flags: '--config c' }, /^--config: cannot read the config file c: /],
      ['a config file that is not JSON', { flags: '--config c', files: { c: '{' } }, /^--config: cannot read the config file c: /],
      ['a config file that is a list', { flags: '--config c', files: { c: [] } }, /^c: must hold a JSON object/],
      ['an unknown key in the file', { flags: '--config c', files: { c: { dowstream: RPC } } }, /^c: unknown key "dowstream"; known are downstream, listen/],
      ['a wrong type in the file', { flags: '--config c', files: { c: { downstream: RPC, key: 5 } } }, /^c: key: must be a text/],
      ['a wrong list in the file', { flags: '--config c', files: { c: { downstream: RPC, listen: [5] } } }, /^c: listen: must be a string or a list/],
      ['a downstream of the wrong type', { flags: '--config c', files: { c: { downstream: [5] } } }, /^c: downstream: each downstream is a string, or an object/],
      ['a downstream with an unknown key', { flags: '--config c', files: { c: { downstream: [{ address: RPC, wieght: 2 }] } } }, /"wieght" is unknown/]
    ]

    for (const [name, given, message] of cases) {
      it(`${name}: one line that says where`, () => {
        const err = failure(() => Array.isArray(given) ? loadArgv(given) : load(given))

        expect(err).to.have.property('name', 'ConfigError')
        expect(err.message).to.match(message).and.not.include('\n')
      })
    }

    it('never show a credential', () => {
      const urls = ['http://user:hunter2@', 'http://user:hunter2@node:5001;weight=0', 'http://user:hunter2@node:5001?x', 'http//user:hunter2@node', '/http://user:hunter2@x', 'http://user:hunter2@node:5001;name', 'http://user:hun@ter2@node:5001;nme=x']

      for (const argv of [...urls.map(url => ['-d', url]), [urls[1]], ['-d', 'http://user:hunter2@a,http://user:hunter2@a']]) {
        expect(failure(() => loadArgv(argv)).message).to.not.match(/hunter2|ter2/)
      }
    })
  })
})

function load ({ flags = '', env = {}, files = {} }: Given): BalancerConfig {
  return loadArgv(flags.split(' ').filter(flag => flag !== ''), env, files)
}

function loadArgv (argv: string[], env: Record<string, string> = {}, files: Record<string, unknown> = {}): BalancerConfig {
  return loadConfig({
    argv,
    env,
    readFile: (path) => {
      const content = files[path]

      if (content == null) {
        throw new Error(`ENOENT: no such file or directory, open '${path}'`)
      }

      return typeof content === 'string' ? content : JSON.stringify(content)
    }
  })
}

function failure (run: () => unknown): Error {
  try {
    run()
  } catch (err) {
    return err as Error
  }

  throw new Error('expected it to throw')
}
