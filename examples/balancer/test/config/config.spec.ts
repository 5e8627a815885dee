import { expect } from 'aegir/chai'
import { credentialsLeftOut, toConfigFile } from '../../src/config/effective-config.ts'
import { unknownVariables } from '../../src/config/layers.ts'
import { PEER, RPC, load, loadArgv } from '../support/config.ts'
import type { DownstreamConfig } from '../../src/config/downstream-config.ts'
import type { Given } from '../support/config.ts'

describe('configuration', () => {
  describe('defaults', () => {
    it('are those of go-libp2p-kitsune for the options that it has', () => {
      const config = load({ flags: `-d ${RPC}` })

      expect(config).to.deep.equal({
        downstreams: [{ id: RPC, kind: 'rpc', address: RPC, weight: 1, labels: {} }],
        listen: ['/ip4/0.0.0.0/tcp/0'],
        websocket: [],
        http: [],
        trustedProxy: [],
        deniedStatus: 451,
        announce: [],
        key: './key',
        strategy: 'bounded-load(presence(rendezvous))',
        haveMap: 'off',
        haveMapInterval: 600,
        admin: { host: '127.0.0.1', port: 9090 },
        fetchThrough: 'off',
        workers: 1,
        grace: 30,
        limits: {
          maxConnections: 2000,
          maxNewConnections: 512,
          wantsPerClient: 1024,
          wantLifetime: 600_000,
          unsent: 64 << 20,
          inFlight: 64 << 20,
          wantsPerMember: 512,
          preload: { bytesPerClientAndHour: 64 * 2 ** 30, bytesPerHour: 2 ** 40 },
          ejectAfter: 5,
          ejection: 30_000
        },
        hashes: 'all',
        denylist: [],
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
    it('take precedence option by option: flags, then environment, then file', () => {
      const config = load({
        flags: `-d ${RPC} --grace 1 --config balancer.json`,
        env: { KITSUNE_GRACE: '2', KITSUNE_KEY: 'from-env', KITSUNE_DOWNSTREAM: 'http://env:5001' },
        files: { 'balancer.json': { grace: 3, key: 'from-file', strategy: 'round-robin', downstream: 'http://file:5001' } }
      })

      expect(config).to.include({ grace: 1, key: 'from-env', strategy: 'round-robin' })
      expect(config.downstreams).to.have.lengthOf(1).with.nested.property('[0].id', RPC)
    })

    it('can all list the downstreams', () => {
      const expected = load({ flags: '-d http://a:5001,http://b:5001' })

      expect(load({ env: { KITSUNE_DOWNSTREAM: 'http://a:5001, http://b:5001' } })).to.deep.equal(expected)
      expect(load({ env: { KITSUNE_CONFIG: 'c' }, files: { c: { downstream: ['http://a:5001', 'http://b:5001'] } } })).to.deep.equal(expected)
      expect(load({ env: { KITSUNE_CONFIG: 'c' }, files: { c: { downstream: [{ address: 'http://a:5001' }, 'http://b:5001'] } } })).to.deep.equal(expected)
    })

    it('treat an empty environment variable as absent, and ignore variables of other programs', () => {
      expect(load({ flags: `-d ${RPC}`, env: { KITSUNE_KEY: '', KITSUNE_PORT: 'tcp://10.0.0.9:80', KITSUNE_SERVICE_HOST: 'x' } }))
        .to.deep.equal(load({ flags: `-d ${RPC}` }))
    })

    it('report variables that neither the balancer nor Kubernetes defines', () => {
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
    it('are counts, seconds and sizes, and the same in all layers', () => {
      const flags = '--max-connections 10 --max-new-connections 11 --max-wants 12 --want-lifetime 13 --max-unsent 16MiB --max-in-flight 1.5GiB --max-node-wants 14 --max-client-preload 1GiB --max-preload 2TiB --eject-after 15 --ejection 16.5'
      const config = load({ flags: `-d ${RPC} ${flags}` })

      expect(config.limits).to.deep.equal({
        maxConnections: 10,
        maxNewConnections: 11,
        wantsPerClient: 12,
        wantLifetime: 13_000,
        unsent: 16 << 20,
        inFlight: 1.5 * 2 ** 30,
        wantsPerMember: 14,
        preload: { bytesPerClientAndHour: 2 ** 30, bytesPerHour: 2 * 2 ** 40 },
        ejectAfter: 15,
        ejection: 16_500
      })
      expect(load({ flags: '--config c', files: { c: { downstream: RPC, maxConnections: 10, maxNewConnections: 11, maxWants: '12', wantLifetime: 13, maxUnsent: 16 << 20, maxInFlight: '1.5 GiB', maxNodeWants: 14, maxClientPreload: '1 GiB', maxPreload: '2TiB', ejectAfter: 15, ejection: 16.5 } } }))
        .to.deep.equal(config)
    })
  })

  describe('as a file', () => {
    const cases: Array<[string, Given]> = [
      ['that is mostly defaults', { flags: `-d ${RPC}` }],
      ['with everything in it', {
        flags: `-d ${RPC};name=a;weight=2.5;label.zone=x;auth-file=auth -d http://[::1]:5001 -l /ip4/127.0.0.1/tcp/1 -w /ip6/::1/tcp/2 --announce /dns4/node/tcp/443/tls/ws --admin [::1]:9091 --max-unsent 16MiB --ejection 1.5 --want-lifetime 5 --log json --log-level debug --hashes fast --have-map pins --have-map-interval 60 --denylist a.deny,https://lists.example/b.deny --record r --grace 0.5`,
        files: { auth: 'bearer:hunter2' }
      }]
    ]

    for (const [name, given] of cases) {
      it(`${name}, is accepted, and has the same meaning`, () => {
        const config = load(given)
        const file = JSON.stringify(toConfigFile(config))

        expect(file).to.not.include('hunter2')
        expect(credentialsLeftOut(config)).to.be.empty()
        expect(JSON.stringify(load({ flags: '--config c', files: { ...given.files, c: file } }))).to.equal(JSON.stringify(config))
      })
    }

    it('names the nodes whose credentials are missing', () => {
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
      ['in a file that the config file names', { flags: '--config c', files: { c: { downstream: [{ address: 'http://node:5001', authFile: 'auth' }] }, auth: 'bearer:hunter2' } }, 'Bearer hunter2']
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
})
