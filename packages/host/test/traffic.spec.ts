import { EventEmitter } from 'node:events'
import { expect } from 'aegir/chai'
import { trackTraffic } from '../src/traffic.ts'
import { refuseToWarn } from './support/hosts.ts'
import type { MultiaddrConnection } from '@libp2p/interface'

/** The parts of a connection that are followed. */
function connectionOf (sockets: object): MultiaddrConnection {
  return { timeline: { open: 0 }, writeBufferLength: 5, send: () => true, ...sockets } as unknown as MultiaddrConnection
}

describe('traffic', () => {
  it('is what a TCP socket has received, and what the kernel has taken', () => {
    const traffic = trackTraffic(refuseToWarn)
    const connection = connectionOf({ socket: { bytesRead: 7, writableLength: 20 } })
    traffic.follow(connection)
    connection.send(new Uint8Array(100))

    expect(traffic.of(connection)).to.deep.equal({ received: 7, taken: 75, waiting: 25 })
  })

  it('is the number of messages that a WebSocket has received', () => {
    const traffic = trackTraffic(refuseToWarn)
    const websocket = Object.assign(new EventEmitter(), { bufferedAmount: 0, addEventListener: (name: string, listener: () => void) => { websocket.on(name, listener) } })
    const connection = connectionOf({ websocket })
    traffic.follow(connection)
    websocket.emit('message')

    expect(traffic.of({ timeline: connection.timeline })?.received).to.equal(1)
  })

  it('is unknown, and that is reported, if a connection does not show its socket', () => {
    const missing: string[] = []
    const traffic = trackTraffic((name, what) => { missing.push(`${name}: ${what}`) })
    const connection = connectionOf({})
    traffic.follow(connection)

    expect(traffic.of(connection)).to.equal(undefined)
    expect(missing).to.deep.equal(['libp2p: the socket of a connection'])
  })

  it('is unknown, and that is reported, if a connection has another timeline than its socket', () => {
    const missing: string[] = []
    const traffic = trackTraffic((name, what) => { missing.push(`${name}: ${what}`) })
    traffic.follow(connectionOf({ socket: { bytesRead: 0, writableLength: 0 } }))

    expect(traffic.of({ timeline: { open: 0 } })).to.equal(undefined)
    expect(missing).to.deep.equal(['libp2p: the timeline that a connection shares with its socket'])
  })
})
