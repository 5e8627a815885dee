import { expect } from 'aegir/chai'
import { createTrustedProxies, normalizeAddress } from '../../src/http/trusted-proxies.ts'

describe('the address of a client', () => {
  const { clientAddress: trusting, includes } = createTrustedProxies(['10.0.0.0/8', '127.0.0.1', 'fd00::/8'])

  it('is that of the connection, whatever is forwarded, if no proxy is trusted', () => {
    expect(createTrustedProxies().clientAddress('10.0.0.1', '1.2.3.4')).to.equal('10.0.0.1')
  })

  it('is that of the connection if that is not a trusted proxy', () => {
    expect(trusting('9.9.9.9', '1.2.3.4')).to.equal('9.9.9.9')
    expect(trusting('10.0.0.1')).to.equal('10.0.0.1')
  })

  it('is the first from the right that is not a trusted proxy', () => {
    expect(trusting('127.0.0.1', '1.2.3.4')).to.equal('1.2.3.4')
    expect(trusting('127.0.0.1', '6.6.6.6, 1.2.3.4, 10.1.1.1')).to.equal('1.2.3.4')
    expect(trusting('fd00::1', '2001:db8::1')).to.equal('2001:db8::1')
    expect(trusting('127.0.0.1', ['6.6.6.6', '1.2.3.4'])).to.equal('1.2.3.4')
  })

  it('is the leftmost proxy if all are trusted', () => {
    expect(trusting('127.0.0.1', '10.0.0.2, 10.0.0.3')).to.equal('10.0.0.2')
  })

  it('is that of the proxy itself if the header is not an address', () => {
    for (const forged of ['unknown', '', '1.2.3', '_hidden, ', '1.2.3.4, nonsense']) {
      expect(trusting('127.0.0.1', forged), forged).to.equal('127.0.0.1')
    }
  })

  it('has no port, no zone, and one form for IPv4', () => {
    expect(trusting('::ffff:127.0.0.1', '1.2.3.4:567')).to.equal('1.2.3.4')
    expect(trusting('127.0.0.1', '[2001:db8::1]:443')).to.equal('2001:db8::1')
    expect(trusting('127.0.0.1', '[2001:db8::1]')).to.equal('2001:db8::1')
    expect(trusting('fe80::1%eth0')).to.equal('fe80::1')
    expect(trusting('::ffff:9.9.9.9')).to.equal('9.9.9.9')
  })

  it('is written in one way', () => {
    expect(['2001:DB8:0:0::1', '[::1]', '[::1]:80', '1.2.3.4:80', 'fe80::1%eth0', '::ffff:1.2.3.4'].map(normalizeAddress)).to.deep.equal(['2001:db8::1', '::1', '::1', '1.2.3.4', 'fe80::1', '1.2.3.4'])
    expect(['', 'example.com', '1', '0x7f.1', '1.2.3', '1.2.3.256', ':', '1.2.3.4/8', '[x]'].map(normalizeAddress)).to.deep.equal(Array(9).fill(undefined))
  })

  it('may be one of the proxies', () => {
    expect(['10.9.9.9', '127.0.0.1', '::ffff:127.0.0.1', 'fd12::1'].every(includes)).to.be.true()
    expect(['11.0.0.1', '127.0.0.2', 'fe80::1', '', 'nonsense'].some(includes)).to.be.false()
    expect(createTrustedProxies().includes('10.0.0.1')).to.be.false()
  })

  it('is empty when the connection has gone', () => {
    expect(trusting(undefined, '1.2.3.4')).to.equal('')
  })

  it('cannot be found with trusted proxies that are not networks', () => {
    for (const wrong of ['10.0.0.0/33', 'localhost', '', '10.0.0.0/', '10.0.0.0/8/8', '::/129', '10.0.0.0/-1']) {
      expect(() => createTrustedProxies([wrong]), wrong).to.throw().with.property('name', 'InvalidOptionError')
    }
  })
})
