import { createServer as createHttpServer } from 'node:http'
import { connect, createServer } from 'node:net'
import { BITSWAP_PROTOCOLS } from '@kitsune/bitswap-codec'
import { expect } from 'aegir/chai'
import { kubo } from '../../src/discovery/kubo-rpc.ts'
import { peers } from '../../src/discovery/static.ts'
import { createPeerSessions } from '../../src/driver/peer-sessions.ts'
import { createHostComponents } from '../../src/network/components.ts'
import { createNetwork } from '../../src/network/network.ts'
import { createHost } from '../network/hosts.ts'
import { recordingSink } from '../targets/fixtures.ts'
import type { TargetInit } from '../../src/targets/target.ts'
import type { Libp2p, Logger } from '@libp2p/interface'
import type { AddressInfo, Server, Socket } from 'node:net'

/** How long an operator may wait for a node to be up, ms. */
const SOON = 2000

describe('a node of many addresses, over real libp2p hosts', function () {
  this.timeout(30_000)

  const stops: Array<() => Promise<unknown>> = []
  let node: Libp2p
  let real: string

  beforeEach(async () => {
    node = await createHost()
    stops.push(async () => node.stop())
    await node.handle([...BITSWAP_PROTOCOLS], () => {})
    real = `/ip4/127.0.0.1/tcp/${/tcp\/(\d+)/.exec(String(node.getMultiaddrs()[0]))?.[1]}/p2p/${node.peerId}`
  })

  afterEach(async () => {
    for (const stop of stops.splice(0).reverse()) {
      await stop()
    }
  })

  async function listen (server: Server, host = '127.0.0.1'): Promise<number> {
    await new Promise<void>(resolve => { server.listen(0, host, resolve) })

    return (server.address() as AddressInfo).port
  }

  /** The address of a server that does only this with its sockets. */
  async function serve (host: string, onSocket: (socket: Socket) => void): Promise<string> {
    const sockets = new Set<Socket>()
    const server = createServer(socket => {
      sockets.add(socket)
      socket.on('error', () => {})
      onSocket(socket)
    })
    const port = await listen(server, host)
    stops.push(async () => {
      sockets.forEach(socket => { socket.destroy() })
      await new Promise(resolve => server.close(resolve))
    })

    return `/ip4/${host}/tcp/${port}/p2p/${node.peerId}`
  }

  /** The address of a server that accepts connections and sends nothing. */
  async function mute (host: string): Promise<string> {
    return serve(host, () => {})
  }

  /** The address of a relay to the node that adds this delay each way, ms. */
  async function slow (delay: number): Promise<string> {
    return serve('127.0.0.1', near => {
      const far = connect({ host: '127.0.0.1', port: Number(/tcp\/(\d+)/.exec(real)?.[1]) })
      far.on('error', () => {})

      for (const [from, to] of [[near, far], [far, near]]) {
        from.on('data', data => { setTimeout(() => { to.write(data) }, delay) })
        from.on('close', () => { to.destroy() })
      }
    })
  }

  /** Addresses that refuse, each on a port that was free a moment ago. */
  async function refusing (count: number): Promise<string[]> {
    const servers = Array.from({ length: count }, () => createServer())
    const ports = await Promise.all(servers.map(async server => listen(server, '127.0.0.2')))
    await Promise.all(servers.map(async server => new Promise(resolve => server.close(resolve))))

    return ports.map(port => `/ip4/127.0.0.2/tcp/${port}/p2p/${node.peerId}`)
  }

  /** The URL of an RPC whose node reports these addresses. */
  async function rpc (addresses: string[]): Promise<string> {
    const server = createHttpServer((request, response) => {
      response.end(request.url === '/api/v0/id' ? JSON.stringify({ ID: String(node.peerId), Addresses: addresses }) : '{"Strings":null}')
    })
    const port = await listen(server)
    stops.push(async () => {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    })

    return `http://127.0.0.1:${port}`
  }

  /** Starts a target, and resolves with the first that it reports, how long that took, and what was logged. */
  async function start ([target]: TargetInit[]): Promise<{ took: number, report: string, said: string }> {
    const host = await createHost()
    stops.push(async () => host.stop())
    const said: string[] = []
    const log: Logger = Object.assign((...args: unknown[]) => { said.push(args.join(' ')) }, { error: () => {}, trace: () => {}, enabled: true, newScope: () => log })
    const logger = { forComponent: () => log }
    const net = createNetwork({
      exchange: {
        receive: (peer, message) => sessions.message(peer, message),
        take: peer => sessions.take(peer),
        gone: peer => { sessions.gone(peer) }
      }
    }, { ...createHostComponents(host), logger })
    const sessions = createPeerSessions({
      connect: async (peer, addresses, signal) => net.connect(peer, addresses, signal),
      wake: peer => { net.wake(peer) },
      disconnect: peer => { net.disconnect(peer).catch(() => {}) }
    })
    await net.start()
    stops.push(async () => net.stop())

    const created = target.create({ logger, openPeer: async (...args) => sessions.open(...args) })
    stops.push(async () => created.stop())

    const begin = performance.now()

    return new Promise(resolve => {
      const report = (report: string): void => { resolve({ took: performance.now() - begin, report, said: said.join('\n') }) }
      void created.start({ ...recordingSink(), up: () => { report('up') }, down: why => { report(`down: ${why?.message}`) } })
    })
  }

  async function up (targets: TargetInit[]): Promise<string> {
    const { took, report, said } = await start(targets)

    expect(report).to.equal('up')
    expect(took).to.be.below(SOON)

    return said
  }

  it('is up soon though the first accepts connections and sends nothing, and the log names the one that works', async () => {
    expect(await up(peers([{ address: [await mute('127.0.0.1'), real] }]))).to.include(`connected to %p at %a ${node.peerId} ${real}`)
  })

  it('is up soon though its RPC reports a mute one first', async () => {
    await up(kubo([await rpc([await mute('127.0.0.2'), await mute('127.0.0.1'), real])]))
  })

  it('is up soon though its RPC reports thirty that refuse before the one that works', async () => {
    await up(kubo([await rpc([...await refusing(30), real])]))
  })

  it('is up soon though thirty that refuse come before the one that works', async () => {
    await up(peers([{ address: [...await refusing(30), real] }]))
  })

  it('says why it is down for each, and what to look at if it hangs up', async () => {
    const hangsUp = await serve('127.0.0.1', socket => { socket.end() })
    const [refuses] = await refusing(1)
    const { report } = await start(peers([{ address: [refuses, hangsUp] }]))

    expect(report).to.match(/^down: .* cannot be connected to: .*ECONNREFUSED.*; .* hangs up at once, as a kubo does whose Swarm\.AddrFilters hold our address$/)
  })

  it('is dialled again with more time, if it is far away and there is another address that does not work', async () => {
    const [refuses] = await refusing(1)
    const far = await slow(600)
    const { report } = await start(peers([{ address: [far, refuses] }]))

    expect(report).to.equal('up')
  })
})
