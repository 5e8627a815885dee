import { expect } from 'aegir/chai'
import { clientNames } from '../../src/http/remote-address.ts'

/** The name of a client, by its address and the header of proxies. */
function name (trusted: string[], remoteAddress?: string, forwarded?: string): string {
  const headers = new Headers(forwarded == null ? {} : { 'x-forwarded-for': forwarded })

  return clientNames(trusted)({ headers }, { remoteAddress })
}

describe('names of HTTP clients', () => {
  it('are IPv4 addresses, and networks of IPv6 addresses', () => {
    expect(name([], '203.0.113.5')).to.equal('203.0.113.5')
    expect(name([], '::ffff:203.0.113.5')).to.equal('203.0.113.5')
    expect(name([], '2001:db8:1:2:3:4:5:6')).to.equal(name([], '2001:db8:1:2::9'))
    expect(name([], '2001:db8:1:2::9')).not.to.equal(name([], '2001:db8:1:3::9'))
  })

  it('are the same for all clients whose address is unknown', () => {
    expect(clientNames()({ headers: new Headers() })).to.equal(name([], 'not an address'))
  })

  it('follow X-Forwarded-For as far as the proxies are trusted', () => {
    const trusted = ['10.0.0.0/8', '192.0.2.1', 'fd00::/8']
    expect(name([], '10.0.0.1', '203.0.113.5')).to.equal('10.0.0.1')
    expect(name(trusted, '10.0.0.1', '203.0.113.5')).to.equal('203.0.113.5')
    expect(name(trusted, '::ffff:10.0.0.1', '203.0.113.5, fd00::1, 192.0.2.1')).to.equal('203.0.113.5')
    // what is before the first untrusted address may be forged
    expect(name(trusted, '10.0.0.1', '198.51.100.1, 203.0.113.5')).to.equal('203.0.113.5')
    expect(name(trusted, '203.0.113.6', '203.0.113.5')).to.equal('203.0.113.6')
    expect(name(trusted, '10.0.0.1')).to.equal('10.0.0.1')
    expect(name(trusted, '10.0.0.1', '198.51.100.1, nonsense')).to.equal('10.0.0.1')
  })

  it('cannot be made from anything that is not a network', () => {
    for (const trusted of ['10.0.0.0/33', 'proxy.internal', '', '10.0.0/8']) {
      expect(() => clientNames([trusted])).to.throw('trustedProxies').with.property('name', 'InvalidOptionError')
    }
  })
})
