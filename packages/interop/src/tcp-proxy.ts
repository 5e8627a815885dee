import { createConnection, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'

/** A TCP proxy on loopback in front of several ports, like a load balancer: it passes bytes on without reading them. */
export interface TcpProxy {
  readonly port: number
  /** The target, by its place in the list, that the next connection goes to; the ones after it go to the others in turn. */
  next: number
  /** Connections go to these ports from now on. */
  setTargets (ports: readonly number[]): void
  stop (): Promise<void>
}

/** Starts a proxy on loopback that connects to these ports in turn. */
export async function startTcpProxy (ports: readonly number[]): Promise<TcpProxy> {
  const sockets = new Set<Socket>()
  let targets = ports
  const server = createServer({ noDelay: true, allowHalfOpen: true }, client => {
    const target = createConnection({ host: '127.0.0.1', port: targets[proxy.next++ % targets.length], noDelay: true, allowHalfOpen: true })

    for (const [from, into] of [[client, target], [target, client]] as const) {
      sockets.add(from)
      from.pipe(into)
      from.on('error', () => { into.destroy() })
      from.on('close', () => {
        sockets.delete(from)
        into.destroySoon()
      })
    }
  })

  await new Promise<void>(resolve => { server.listen(0, '127.0.0.1', resolve) })
  const proxy: TcpProxy = {
    port: (server.address() as AddressInfo).port,
    next: 0,
    setTargets (ports) { targets = ports },
    async stop () {
      sockets.forEach(socket => { socket.destroy() })
      await new Promise(resolve => { server.close(resolve) })
    }
  }

  return proxy
}
