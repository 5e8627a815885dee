import { expect } from 'aegir/chai'
import { dnsaddr } from '../src/dnsaddr.ts'
import { ConfigError } from '../src/errors.ts'
import { main } from '../src/node/main.ts'

const PEER = '12D3KooWGgQFcD2b5CtUuLQBYhzcRv5QcLxAgkrPQ6rFo7ZuDXjM'
const ADDRESS = `/dns4/edge.example.com/tcp/443/wss/p2p/${PEER}`

describe('dnsaddr', () => {
  it('is a TXT record for each address, and a provider record for each peer that names the domain', () => {
    expect(dnsaddr('example.com.', [ADDRESS, `/ip4/192.0.2.7/tcp/4011/p2p/${PEER}`])).to.deep.equal({
      records: [
        `_dnsaddr.example.com. 300 IN TXT "dnsaddr=${ADDRESS}"`,
        `_dnsaddr.example.com. 300 IN TXT "dnsaddr=/ip4/192.0.2.7/tcp/4011/p2p/${PEER}"`
      ],
      addresses: [`/dnsaddr/example.com/p2p/${PEER}`],
      providers: [`{"Schema":"peer","ID":"${PEER}","Addrs":["/dnsaddr/example.com/p2p/${PEER}"],"Protocols":["transport-bitswap"]}`]
    })
  })

  it('refuses invalid domains, and an address without a peer id', () => {
    expect(() => dnsaddr('example', [ADDRESS])).to.throw(ConfigError, 'not a domain')
    expect(() => dnsaddr('example.com', ['/ip4/192.0.2.7/tcp/4011'])).to.throw(ConfigError, '/p2p/')
    expect(() => dnsaddr('example.com', ['nonsense'])).to.throw(ConfigError, 'not a multiaddr')
  })

  it('is printed by the command, which exits with 2 if it cannot be', async () => {
    const lines: string[] = []
    const run = async (...argv: string[]): Promise<number> => main({
      argv: ['dnsaddr', ...argv], env: {}, stopped: new Promise(() => {}), print: line => { lines.push(line) }, printError: line => { lines.push(line) }
    })

    expect(await run('example.com', ADDRESS)).to.equal(0)
    expect(lines).to.include(`_dnsaddr.example.com. 300 IN TXT "dnsaddr=${ADDRESS}"`)
    expect(await run('example.com')).to.equal(2)
    expect(await run('example.com', 'http://127.0.0.1:1/')).to.equal(2)
    expect(lines.at(-1)).to.contain('http://127.0.0.1:1/ does not answer')
  })
})
