import { expect } from 'aegir/chai'
import { toConfigFile } from '../../src/config/effective-config.ts'
import { RPC, load } from '../support/config.ts'

const NODE = `-d ${RPC}`

describe('the configuration of HTTP', () => {
  it('is off by default', () => {
    expect(load({ flags: NODE })).to.deep.include({ http: [], trustedProxy: [], deniedStatus: 451 }).and.to.not.have.any.keys('tlsCert', 'tlsKey', 'publicUrl')
  })

  it('is over TLS if there is a certificate, unless the address says otherwise', () => {
    const tls = '--tls-cert a.crt --tls-key a.key'

    expect(load({ flags: `${NODE} --http 127.0.0.1:80 --http [::1]:8080` }).http).to.deep.equal(['http://127.0.0.1:80', 'http://[::1]:8080'])
    expect(load({ flags: `${NODE} --http 0.0.0.0:443,http://127.0.0.1:8080/ ${tls}` })).to.deep.include({ http: ['https://0.0.0.0:443', 'http://127.0.0.1:8080'], tlsCert: 'a.crt', tlsKey: 'a.key' })
  })

  it('is the same from the file that --check-config prints', () => {
    const config = load({ flags: `${NODE} --http 0.0.0.0:443 --tls-cert a.crt --tls-key a.key --public-url https://a.example --trusted-proxy 10.0.0.0/8 --denied-status 410` })

    expect(config.deniedStatus).to.equal(410)
    expect(load({ flags: '--config c', files: { c: toConfigFile(config) } })).to.deep.equal(config)
  })

  it('names each mistake', () => {
    const cases: Array<[string, string | RegExp]> = [
      ['--http 8080', /^--http: must be host:port such as 0\.0\.0\.0:8080/],
      ['--http ftp://a:1', /^--http: must be host:port/],
      ['--http https://a:1', /^--http: https:\/\/a:1: https needs --tls-cert and --tls-key/],
      ['--http a:1 --tls-cert x', /^--tls-cert: a certificate needs --tls-cert and --tls-key/],
      ['--tls-cert x --tls-key y', /^--tls-cert: no --http address uses the certificate/],
      ['--http a:1 --public-url a.example', /^--public-url: must be a URL without a path/],
      ['--http a:1 --public-url https://a.example/ipfs', /^--public-url: must be a URL without a path/],
      ['--http a:1 --denied-status 404', /^--denied-status: must be 451 or 410, not "404"/],
      ['--denied-status 410', /^--denied-status: use it together with --http/],
      ['--http a:1 --trusted-proxy a.example', /^--trusted-proxy: "a\.example" is neither an IP address/]
    ]

    for (const [flags, message] of cases) {
      expect(() => load({ flags: `${NODE} ${flags}` }), flags).to.throw(message).with.property('name', 'ConfigError')
    }
  })
})
