import { expect } from 'aegir/chai'
import { parseEndpoint } from '../src/endpoint.ts'
import type { EndpointInit } from '../src/endpoint.ts'

describe('the address of an RPC', () => {
  const read: Record<string, [url: string, host: string]> = {
    '/ip4/10.0.0.1/tcp/5001': ['http://10.0.0.1:5001/', 'ip4 10.0.0.1'],
    '/ip4/10.0.0.1/tcp/5001/http': ['http://10.0.0.1:5001/', 'ip4 10.0.0.1'],
    '/ip4/10.0.0.1/tcp/5001/https': ['https://10.0.0.1:5001/', 'ip4 10.0.0.1'],
    '/dns4/node.example/tcp/443/tls/http': ['https://node.example/', 'dns4 node.example'],
    '/dns/node/tcp/5001': ['http://node:5001/', 'dns node'],
    '/dns6/node/tcp/5001': ['http://node:5001/', 'dns6 node'],
    '/ip6/::1/tcp/5001': ['http://[::1]:5001/', 'ip6 ::1'],
    'http://127.0.0.1:5001': ['http://127.0.0.1:5001/', 'ip4 127.0.0.1'],
    'https://node.example': ['https://node.example/', 'dns node.example'],
    'HTTP://Node.Example:5001/': ['http://node.example:5001/', 'dns node.example'],
    'http://[fd00::1]:5001': ['http://[fd00::1]:5001/', 'ip6 fd00::1'],
    'https://proxy.example/kubo-1': ['https://proxy.example/kubo-1/', 'dns proxy.example']
  }

  for (const [text, [url, host]] of Object.entries(read)) {
    it(`can be ${text}`, () => {
      const endpoint = parseEndpoint({ url: ` ${text} ` })

      expect(endpoint.url.href).to.equal(url)
      expect(`${endpoint.host.name} ${endpoint.host.value}`).to.equal(host)
      expect(endpoint).to.have.property('name', text)
      expect(endpoint.headers).to.deep.equal({})
    })
  }

  const withCredentials: Record<string, [name: string, credentials: string]> = {
    'http://me:secret@10.0.0.1:5001': ['http://10.0.0.1:5001', 'me:secret'],
    'https://me:secret@node.example/kubo/': ['https://node.example/kubo/', 'me:secret'],
    'http://secret@node:5001': ['http://node:5001', 'secret:'],
    'http://me:se%2Fcr%40t@node:5001': ['http://node:5001', 'me:se/cr@t'],
    'http://me:se@secret@node:5001': ['http://node:5001', 'me:se@secret'],
    'http://me:%C3%A9@node:5001': ['http://node:5001', 'me:é']
  }

  for (const [text, [name, credentials]] of Object.entries(withCredentials)) {
    it(`takes the credentials out of ${text}`, () => {
      const endpoint = parseEndpoint({ url: text })

      expect(endpoint.name).to.equal(name)
      expect(endpoint.url.href).to.not.include('@')
      expect(endpoint.headers.authorization).to.equal(`Basic ${Buffer.from(credentials).toString('base64')}`)
    })
  }

  const refused: Record<string, RegExp> = {
    '': /neither a multiaddr nor/,
    'node:5001': /neither a multiaddr nor/,
    'ftp://me:secret@node': /"ftp:\/\/node" .* neither/,
    'http:/me:secret@node': /neither/,
    'http:me:secret@node': /neither/,
    'http:\\\\me:secret@node': /neither/,
    'http://me:sec\tret@node': /neither/,
    'http://me:secret@': /neither/,
    'http://me:secret@no de': /neither/,
    'http://me:secret@node:port': /neither/,
    'http://me:se/cret@node': /neither/,
    'http://me:12/secret@node': /%2F/,
    'http://me:12#secret@node': /%2F/,
    'http://me:%ff-secret@node': /percent-encoded/,
    'http://node:5001/?token=secret': /a query or a fragment/,
    'http://me:secret@node:5001/#secret': /a query or a fragment/,
    '/dns4/me:secret@node/tcp/5001': /cannot contain credentials/,
    '/ip4/10.0.0.1': /not the address of an HTTP API/,
    '/ip4/10.0.0.1/udp/5001': /not the address of an HTTP API/,
    '/ip4/10.0.0.1/tcp/5001/ws': /not the address of an HTTP API/,
    '/unix/%2Frun%2Fapi.sock': /not the address of an HTTP API/,
    '/ip4/10.0.0.999/tcp/5001': /its host or port is not valid/,
    '/ip4/node/tcp/5001': /its host or port is not valid/,
    '/ip6/node/tcp/5001': /its host or port is not valid/,
    '/dns4/no?de/tcp/5001': /its host or port is not valid/,
    '/dns4/no#de/tcp/5001': /its host or port is not valid/,
    '/dns4//tcp/5001': /its host or port is not valid/,
    '/dns4/node/tcp/99999': /its host or port is not valid/,
    '/dns4/node/tcp/': /its host or port is not valid/,
    '/ip4': /not the address of an HTTP API/,
    '/ip4/10.0.0.1/tcp/4001/p2p/12D3KooWJvyP4dnE7TQhYSNVc8GUv7LoGBHKcfUxSvSwCqWEBJfF': /swarm address of a peer/
  }

  for (const [text, why] of Object.entries(refused)) {
    it(`cannot be ${JSON.stringify(text)}, and its secret is not shown`, () => {
      expect(() => parseEndpoint({ url: text })).to.throw(why)
        .that.satisfies((err: Error) => err.name === 'InvalidEndpointError' && !`${err.stack} ${JSON.stringify(err)}`.includes('secret'))
    })
  }

  it('takes one value for each header, however it is given, and shows none', () => {
    expect(parseEndpoint({ url: new URL('http://node'), authorization: 'Bearer x', headers: { 'X-Tenant': 'a' } }).headers)
      .to.deep.equal({ authorization: 'Bearer x', 'x-tenant': 'a' })

    const refused: EndpointInit[] = [
      { url: 'http://me:secret@node', authorization: 'Bearer secret' },
      { url: 'http://node', headers: { Authorization: 'secret' }, authorization: 'Bearer secret' },
      { url: 'http://node', headers: { 'x-key': 'secret', 'X-Key': 'secret' } },
      { url: 'http://node', headers: { 'x key': 'secret' } },
      { url: 'http://node', headers: { x: 'secret\nx' } }
    ]

    for (const init of refused) {
      expect(() => parseEndpoint(init)).to.throw(/^http:\/\/node has (?:more than one value for the header|a header)/)
        .that.satisfies((err: Error) => err.name === 'InvalidEndpointError' && !err.message.includes('secret'))
    }
  })
})
