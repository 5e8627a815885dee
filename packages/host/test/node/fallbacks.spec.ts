import { Server } from 'node:net'
import { expect } from 'aegir/chai'
import { Uint8ArrayList } from 'uint8arraylist'
import { lighten } from '../../src/lean-noise.ts'
import { sendEndsUnhurried, spareWindowUpdates } from '../../src/lean-yamux.ts'
import { DEFAULT_HOST_LIMITS } from '../../src/limits.ts'
import { boundUpgrade } from '../../src/negotiation.ts'
import { corkConnection } from '../../src/node/corked-tcp.ts'
import { believeProxies } from '../../src/node/proxied-websockets.ts'
import { createUnfinishedCheck } from '../../src/node/unfinished-messages.ts'
import { boundSockets, closeSocketWith } from '../../src/node/websockets.ts'
import { paceMplex } from '../../src/paced-mplex.ts'
import { paceYamux } from '../../src/paced-yamux.ts'
import { negotiateAtOnce } from '../../src/quick-negotiation.ts'
import { createWorkShares } from '../../src/work-shares.ts'
import type { ReceivingSocket } from '../../src/node/unfinished-messages.ts'
import type { WarnMissing } from '../../src/warn.ts'
import type { WorkShares } from '../../src/work-shares.ts'
import type { Listener, MessageStream, MultiaddrConnection, SecuredConnection, StreamMuxer } from '@libp2p/interface'

const LIMITS = { maxSockets: 1, pending: 1, upgradeTimeout: 1, unfinishedTimeout: 1 }

describe('a host that does not find the internal fields of libp2p', () => {
  let missing: string[]
  const warnMissing = (name: string, what: string): void => { missing.push(`${name}: ${what}`) }

  beforeEach(() => {
    missing = []
  })

  it('writes to a TCP connection as libp2p does', () => {
    corkConnection({} as unknown as MultiaddrConnection, warnMissing)

    expect(missing).to.deep.equal(['@libp2p/tcp: socket of a connection'])
  })

  it('reads from a TCP connection as Node does', () => {
    const socket = { cork: () => {}, write: () => true }
    corkConnection({ socket } as unknown as MultiaddrConnection, warnMissing)

    expect(missing).to.deep.equal(['@libp2p/tcp: _readableState.highWaterMark of a socket'])
  })

  it('handles frames as the muxers do', () => {
    for (const pace of [paceMplex, (muxer: StreamMuxer, shares: WorkShares, warn: WarnMissing) => { paceYamux(muxer, DEFAULT_HOST_LIMITS, shares, warn) }]) {
      const muxer = { onData: () => {}, onTransportClosed: () => {} }
      const { onData } = muxer
      pace(muxer as unknown as StreamMuxer, createWorkShares(), warnMissing)

      expect(muxer.onData).to.equal(onData)
    }

    expect(missing.map(name => name.split(':')[0])).to.deep.equal(['@libp2p/mplex', '@libp2p/yamux'])
  })

  it('encrypts and decrypts as libp2p does, whichever field is missing', () => {
    const decoder = { buffer: new Uint8ArrayList() }
    const parts = { decoder, handshake: { encrypt: () => {}, decrypt: () => {} }, decrypt: () => {}, encrypt: () => {} }

    for (const name of Object.keys(parts)) {
      const connection = { ...parts, [name]: {}, send: () => true }
      const { decoder, decrypt, encrypt } = connection
      lighten({ connection } as unknown as SecuredConnection, { close: () => {} } as unknown as MessageStream, warnMissing)

      expect({ ...connection }, name).to.include({ decoder, decrypt, encrypt })
    }

    expect(missing).to.deep.equal(Array.from({ length: 4 }, () => '@libp2p/noise: decoder.buffer, handshake.encrypt, handshake.decrypt, encrypt or decrypt of a connection'))
  })

  it('answers each frame with a window update, and leaves negotiating to libp2p', () => {
    spareWindowUpdates({}, warnMissing)
    const bare = {}
    const muxer = { _newStream: () => bare }
    spareWindowUpdates(muxer, warnMissing)
    expect(muxer._newStream()).to.equal(bare)
    sendEndsUnhurried({}, {} as unknown as MessageStream, warnMissing)(() => { missing.push('sent at once') })
    negotiateAtOnce({}, { getHandler () {} }, () => {}, warnMissing)

    expect(bare).to.deep.equal({})
    expect(missing).to.deep.equal([
      '@libp2p/yamux: _newStream of a muxer, or the window of a stream',
      '@libp2p/yamux: _newStream of a muxer, or the window of a stream',
      '@libp2p/yamux: sendFrame or send of a muxer',
      'sent at once',
      '@libp2p/yamux: onData or safeDispatchEvent of a muxer'
    ])
  })

  it('still ends a WebSocket connection whose upgrade fails', async () => {
    const aborted: Error[] = []
    const connection = { addEventListener: () => {}, abort: (err: Error) => { aborted.push(err) } } as unknown as MultiaddrConnection
    const failure = new Error('failed')

    await expect(closeSocketWith(connection, warnMissing, async () => { throw failure })).to.eventually.be.rejectedWith(failure)
    expect(aborted).to.deep.equal([failure])
    expect(missing).to.deep.equal(['@libp2p/websockets: websocket of a connection'])
  })

  it('upgrades a connection whose received bytes it cannot count', async () => {
    const connection = { send: () => true, abort: () => {} } as unknown as MultiaddrConnection

    expect(await boundUpgrade(connection, () => { missing.push('onData') }, async () => 'upgraded')).to.equal('upgraded')
    expect(missing).to.deep.equal(['onData'])
  })

  it('bounds nothing of a listener whose server it cannot see', () => {
    boundSockets({} as unknown as Listener, LIMITS, warnMissing)

    expect(missing).to.deep.equal(['@libp2p/websockets: server of a listener'])
  })

  it('bounds the sockets of a listener whose WebSocket server it cannot see, and does not close long-lived ones', () => {
    const server = new Server()
    boundSockets({ server } as unknown as Listener, LIMITS, warnMissing)

    expect(server.maxConnections).to.equal(1)
    // one listener for the socket's errors; a second one would mean that there is a deadline, which nothing could lift
    expect(server.listenerCount('connection')).to.equal(1)
    expect(missing).to.deep.equal(['@libp2p/websockets: options or clients of the wsServer of a listener'])
  })

  it('gives clients behind a proxy the address of the proxy', () => {
    believeProxies({} as unknown as Listener, { includes: () => true, clientAddress: () => '203.0.113.7' }, warnMissing)

    expect(missing).to.deep.equal(['@libp2p/websockets: onWsServerConnection of a listener'])
  })

  it('ends no WebSocket whose unfinished message it cannot see, whether the receiver is missing or its buffers', () => {
    let time = 0
    const receivers = [{}, { _receiver: { _bufferedBytes: 1, _messageLength: 1, _fragments: [] } }]
    const sockets = receivers.map(receiver => ({ on: () => {}, terminate: () => { expect.fail('the socket was closed') }, ...receiver }) as unknown as ReceivingSocket)
    const check = createUnfinishedCheck(sockets, { timeout: 1000, total: 0, warnMissing }, () => time)
    check()
    time = 5000
    check()

    expect(missing).to.deep.equal(Array.from({ length: 4 }, () => 'ws: _receiver of a socket'))
  })
})
