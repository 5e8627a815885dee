import { expect } from 'aegir/chai'
import { loadConfig } from '../../src/config/config.ts'
import { credentialsLeftOut, toConfigFile } from '../../src/config/config-file.ts'
import { unknownVariables } from '../../src/config/layers.ts'
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
        strategy: 'bounded-load(presence(rendezvous))',
        admin: { host: '127.0.0.1', port: 9090 },
        grace: 30,
        limits: {
          maxConnections: 2000,
          maxNewConnections: 512,
          wantsPerPeer: 1024,
          wantLifetime: 600_000,
          unsent: 64 << 20,
          inFlight: 64 << 20,
          wantsPerMember: 512,
          ejectAfter: 5,
          ejection: 30_000
        },
        hashes: 'all',
        logLevel: 'info',
        log: 'text'
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

    it('know variables that are neither ours nor Kubernetes’', () => {
      expect(unknownVariables({
        KITSUNE_BANANA: '1',
        KITSUNE_KEY: 'k',
        KITSUNE_PORT: 'tcp://10.0.0.9:80',
        KITSUNE_PORT_80_TCP_ADDR: '10.0.0.9',
        KITSUNE_BALANCER_SERVICE_HOST: 'x',
        KITSUNE_BALANCER_SERVICE_PORT_ADMIN: '9090',
        HOME: '/'
      })).to.deep.equal(['KITSUNE_BANANA'])
    })
  })

  describe('limits', () => {
    it('are counts, seconds and sizes, alike in all places', () => {
      const flags = '--max-connections 10 --max-new-connections 11 --max-wants 12 --want-lifetime 13 --max-unsent 16MiB --max-in-flight 1.5GiB --max-node-wants 14 --eject-after 15 --ejection 16.5'
      const config = load({ flags: `-d ${RPC} ${flags}` })

      expect(config.limits).to.deep.equal({
        maxConnections: 10,
        maxNewConnections: 11,
        wantsPerPeer: 12,
        wantLifetime: 13_000,
        unsent: 16 << 20,
        inFlight: 1.5 * 2 ** 30,
        wantsPerMember: 14,
        ejectAfter: 15,
        ejection: 16_500
      })
      expect(load({ flags: '--config c', files: { c: { downstream: RPC, maxConnections: 10, maxNewConnections: 11, maxWants: '12', wantLifetime: 13, maxUnsent: 16 << 20, maxInFlight: '1.5 GiB', maxNodeWants: 14, ejectAfter: 15, ejection: 16.5 } } }))
        .to.deep.equal(config)
    })
  })

  describe('as a file', () => {
    const cases: Array<[string, Given]> = [
      ['that is mostly default', { flags: `-d ${RPC}` }],
      ['with everything in it', {
        flags: `-d ${RPC};name=a;weight=2.5;label.zone=x;auth-file=auth -d http://[::1]:5001 -l /ip4/127.0.0.1/tcp/1 -w /ip6/::1/tcp/2 --announce /dns4/node/tcp/443/tls/ws --admin [::1]:9091 --max-unsent 16MiB --ejection 1.5 --want-lifetime 5 --log json --log-level debug --hashes fast --record r --grace 0.5`,
        files: { auth: 'bearer:hunter2' }
      }]
    ]

    for (const [name, given] of cases) {
      it(`${name}, is accepted, and means the same`, () => {
        const config = load(given)
        const file = JSON.stringify(toConfigFile(config))

        expect(file).to.not.include('hunter2')
        expect(credentialsLeftOut(config)).to.be.empty()
        expect(JSON.stringify(load({ flags: '--config c', files: { ...given.files, c: file } }))).to.equal(JSON.stringify(config))
      })
    }

    it('says whose credentials are missing', () => {
      const config = load({ flags: '-d http://user:hunter2@node:5001;name=a -d http://b:5001' })

      expect(credentialsLeftOut(config)).to.deep.equal(['a'])
      expect(JSON.stringify(toConfigFile(config))).to.not.include('hunter2')
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
      [`${RPC};name=a;weight=2.5;entries=16;label.zone=x;label.tier=0`, 'rpc', { id: 'a', weight: 2.5, entries: 16, labels: { zone: 'x', tier: '0' } }],
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
        files: { c: { downstream: [{ address: RPC, name: 'a', weight: 2, entries: 16, labels: { zone: 'x' } }] } }
      })

      expect(config.downstreams).to.deep.equal(loadArgv(['-d', `${RPC};name=a;weight=2;entries=16;label.zone=x`]).downstreams)
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
      ['an unknown flag', ['--prot', '1'], /^Unknown option '--prot' \(see --help\)$/],
      ['a misspelt flag', ['--dowstream', RPC], /^Unknown option '--dowstream'; did you mean --downstream\? \(see --help\)$/],
      ['a misspelt variable', { flags: `-d ${RPC}`, env: { KITSUNE_DOWNSTREEM: 'http://user:hunter2@x' } }, /^KITSUNE_DOWNSTREEM: there is no such variable; did you mean KITSUNE_DOWNSTREAM\?$/],
      ['a flag in the place of a value', ['--grace', '-d', RPC], /^--grace: the value is missing, since what follows is a flag/],
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
      ['entries of 0', ['-d', `${RPC};entries=0`], /^-d: entries must be/],
      ['a weight that is no number', ['-d', `${RPC};weight=much`], /^-d: a weight must be/],
      ['an unknown parameter', ['-d', `${RPC};wieght=2`], /unknown parameter "wieght"; did you mean weight\?/],
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
      ['a strategy whose name is misspelt', ['-d', RPC, '--strategy', 'roundrobin'], /^--strategy: .*; did you mean round-robin\?$/],
      ['no admin address', ['-d', RPC, '--admin', ''], /^--admin: must be host:port such as .*, not ""$/],
      ['no key', ['-d', RPC, '-k', ''], /^-k: must be a path, not ""$/],
      ['a host and port in place of a multiaddr', ['-d', RPC, '-l', '0.0.0.0:4001'], /^-l: "0.0.0.0:4001" is not a multiaddr; write \/ip4\/0.0.0.0\/tcp\/4001$/],
      ['an IPv6 host and port in place of a multiaddr', ['-d', RPC, '-w', '[::]:4001'], /^-w: .*; write \/ip6\/::\/tcp\/4001$/],
      ['a port in place of a multiaddr', ['-d', RPC, '-l', ':4001'], /^-l: .*; write \/ip4\/0.0.0.0\/tcp\/4001$/],
      ['an announced host and port', ['-d', RPC, '--announce', 'node.example:443'], /^--announce: .*; write \/dns\/node.example\/tcp\/443$/],
      ['an announced peer id that is none', ['-d', RPC, '--announce', '/ip4/1.2.3.4/tcp/1/p2p/abc'], /^--announce: .*"abc" is not a peer id$/],
      ['an announced peer id', ['-d', RPC, '--announce', `/ip4/1.2.3.4/tcp/1/p2p/${PEER}`], /^--announce: .*leave \/p2p\/ out/],
      ['an admin address without host', ['-d', RPC, '--admin', ':9090'], /^--admin: must be host:port/],
      ['an admin port that is none', ['-d', RPC, '--admin', 'localhost:99999'], /^--admin: must be host:port/],
      ['a grace that is no number', ['-d', RPC, '--grace', 'long'], /^--grace: must be a number of seconds from 0 to 86400, not "long"$/],
      ['a negative grace', ['-d', RPC, '--grace', '-1'], /^--grace: must be a number of seconds from 0 to 86400, not "-1"$/],
      ['a grace in hexadecimal', ['-d', RPC, '--grace', '0x10'], /^--grace: must be/],
      ['a negative number of connections', ['-d', RPC, '--max-connections=-1'], /^--max-connections: must be a whole number from 1 to/],
      ['half a connection', ['-d', RPC, '--max-connections', '1.5'], /^--max-connections: must be a whole number from 1 to 65000, not "1.5"$/],
      ['a size that is none', ['-d', RPC, '--max-unsent', '64MB'], /^--max-unsent: must be a size from .* such as 64MiB, not "64MB"$/],
      ['a level that is none', ['-d', RPC, '--log-level', 'warning'], /^--log-level: must be one of error, warn, info, debug, not "warning"/],
      ['hash functions that are none', ['-d', RPC, '--hashes', 'fsat'], /^--hashes: must be one of all, fast, not "fsat"/],
      ['a log format that is none', ['-d', RPC, '--log', 'jsn'], /^--log: must be one of text, json, not "jsn"; did you mean json\?$/],
      ['a probe of what is started', ['-d', RPC, '--probe'], /^--probe: goes with --check-config/],
      ['a wrong environment variable', { flags: `-d ${RPC}`, env: { KITSUNE_LISTEN: 'x' } }, /^KITSUNE_LISTEN: /],
      ['a config file that is not there', { flags: '--config c' }, /^--config: cannot read the config file c: /],
      ['a config file that is not JSON', { flags: '--config c', files: { c: '{' } }, /^--config: cannot read the config file c: /],
      ['a config file that is a list', { flags: '--config c', files: { c: [] } }, /^c: must hold a JSON object/],
      ['an unknown key in the file', { flags: '--config c', files: { c: { nodes: RPC } } }, /^c: unknown key "nodes"; known are downstream, listen/],
      ['a misspelt key in the file', { flags: '--config c', files: { c: { dowstream: RPC } } }, /^c: unknown key "dowstream"; did you mean downstream\?$/],
      ['a key that stands twice in the file', { flags: '--config c', files: { c: `{\n"grace": 1,\n"downstream": "${RPC}",\n"grace": 2\n}` } }, /^c: the key "grace" stands twice, the second time in line 4$/],
      ['a key that stands twice further in', { flags: '--config c', files: { c: `{ "downstream": [{ "address": "${RPC}", "name": "a", "name": "b" }] }` } }, /^c: the key "downstream.0.name" stands twice/],
      ['a wrong type in the file', { flags: '--config c', files: { c: { downstream: RPC, key: 5 } } }, /^c: key: must be a path, not 5$/],
      ['null for a number in the file', { flags: '--config c', files: { c: { downstream: RPC, grace: null } } }, /^c: grace: must be a number .*, not null$/],
      ['true for a number in the file', { flags: '--config c', files: { c: { downstream: RPC, grace: true } } }, /^c: grace: must be a number .*, not true$/],
      ['a list for a number in the file', { flags: '--config c', files: { c: { downstream: RPC, grace: [1] } } }, /^c: grace: must be a number .*, not \[1\]$/],
      ['a fraction of a connection in the file', { flags: '--config c', files: { c: { downstream: RPC, maxConnections: 1.5 } } }, /^c: maxConnections: must be a whole number .*, not 1.5$/],
      ['null for a size in the file', { flags: '--config c', files: { c: { downstream: RPC, maxInFlight: null } } }, /^c: maxInFlight: must be a size .*, not null$/],
      ['null for a list in the file', { flags: '--config c', files: { c: { downstream: RPC, listen: null } } }, /^c: listen: must be a string or a list of strings, not null$/],
      ['null for a label in the file', { flags: '--config c', files: { c: { downstream: [{ address: RPC, labels: { zone: null } }] } } }, /^c: downstream: .*the label zone must be a text or a number, not null$/],
      ['a wrong list in the file', { flags: '--config c', files: { c: { downstream: RPC, listen: [5] } } }, /^c: listen: must be a string or a list/],
      ['a downstream of the wrong type', { flags: '--config c', files: { c: { downstream: [5] } } }, /^c: downstream: each downstream is a string, or an object/],
      ['a downstream with an unknown key', { flags: '--config c', files: { c: { downstream: [{ address: RPC, wieght: 2 }] } } }, /"wieght" is unknown or of the wrong type; did you mean weight\?/]
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
