import { expect } from 'aegir/chai'
import { normalizeAddress, trustProxies } from '../../src/clients/client-address.ts'
import { InvalidOptionError } from '../../src/errors.ts'

describe('the address of a client', () => {
  it('is that of the connection, whatever a client writes, while no proxy is trusted', () => {
    expect(trustProxies([]).clientAddress('::ffff:192.0.2.1', '203.0.113.9')).to.equal('192.0.2.1')
  })

  it('is the last one in X-Forwarded-For that no trusted proxy has', () => {
    const { clientAddress } = trustProxies(['10.0.0.0/8', '2001:db8::/32', '127.0.0.1'])

    expect(clientAddress('10.1.2.3', '203.0.113.9')).to.equal('203.0.113.9')
    expect(clientAddress('10.1.2.3', '1.1.1.1, 203.0.113.9, 10.9.9.9')).to.equal('203.0.113.9')
    expect(clientAddress('203.0.113.7', '1.1.1.1')).to.equal('203.0.113.7')
    expect(clientAddress('2001:db8::5', '[2001:0DB9::0001]:443')).to.equal('2001:db9::1')
    expect(clientAddress('::ffff:10.0.0.1', '::ffff:203.0.113.9')).to.equal('203.0.113.9')
  })

  it('is the last that can be read', () => {
    const { clientAddress } = trustProxies(['10.0.0.0/8'])

    for (const forwarded of [null, undefined, '', 'unknown', '1.1.1.1, x', '1.1.1.1, 10.0.0.2, _hidden', '1.1.1.1, 3']) {
      expect(clientAddress('10.0.0.1', forwarded), String(forwarded)).to.be.oneOf(['10.0.0.1', '10.0.0.2'])
    }
  })

  it('is written in one way', () => {
    expect(['2001:DB8:0:0::1', '[::1]', '[::1]:80', '1.2.3.4:80', 'fe80::1%eth0', '::ffff:1.2.3.4'].map(normalizeAddress)).to.deep.equal(['2001:db8::1', '::1', '::1', '1.2.3.4', 'fe80::1', '1.2.3.4'])
    expect(['', 'example.com', '1', '0x7f.1', '1.2.3', '1.2.3.256', ':', '1.2.3.4/8', '[x]'].map(normalizeAddress)).to.deep.equal(Array(9).fill(undefined))
  })

  it('refuses networks that are none', () => {
    for (const network of ['', 'proxy', '10.0.0.0/33', '10.0.0.0/x', '::/129', '10.0.0.0/8/8']) {
      expect(() => trustProxies([network]), network).to.throw(InvalidOptionError)
    }
  })
})
