import { multiaddr } from '@multiformats/multiaddr'
import { expect } from 'aegir/chai'
import { remoteHost, socketHost } from '../src/remote-host.ts'

describe('remote host', () => {
  it('is an IPv4 address, or the network of an IPv6 address', () => {
    const host = (address: string): string => remoteHost(multiaddr(address))
    expect(host('/ip4/10.0.0.1/tcp/1')).to.equal(host('/ip4/10.0.0.1/tcp/2/ws')).and.not.equal(host('/ip4/10.0.0.2/tcp/1'))
    expect(host('/ip6/2001:db8:1:2::1/tcp/1')).to.equal(host('/ip6/2001:db8:1:2::ff/tcp/1')).and.not.equal(host('/ip6/2001:db8:1:3::1/tcp/1'))
  })

  it('of a socket is the same', () => {
    expect(socketHost('10.0.0.1')).to.equal('10.0.0.1')
    expect(socketHost('::ffff:10.0.0.1')).to.equal('::ffff:10.0.0.1')
    expect(socketHost('2001:db8:1:2::1')).to.equal(socketHost('2001:db8:1:2:3:4:5:6')).and.not.equal(socketHost('2001:db8:1:3::1'))
    expect(socketHost(undefined)).to.equal('')
  })
})
