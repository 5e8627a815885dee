import { readFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { CERTIFICATE } from './certificate.ts'
import type { AddressInfo, Server, Socket } from 'node:net'

/** A reverse proxy with one connection for each request: it terminates TLS, forwards the client's address, or both. */
export interface ForwardingProxy {
  readonly port: number
  stop (): Promise<void>
}

export interface ForwardingProxyInit {
  /** On loopback. */
  readonly target: number
  /** What it appends to `X-Forwarded-For`. Default: nothing. */
  readonly from?: string
  /** With the certificate for localhost. Default: in the clear. */
  readonly tls?: boolean
}

export async function startForwardingProxy ({ target, from, tls = false }: ForwardingProxyInit): Promise<ForwardingProxy> {
  const sockets = new Set<Socket>()

  const forward = (near: Socket): void => {
    const far = connect(target, '127.0.0.1')

    for (const socket of [near, far]) {
      sockets.add(socket)
      socket.on('close', () => {
        sockets.delete(socket)
        near.destroy()
        far.destroy()
      })
      socket.on('error', () => { socket.destroy() })
    }

    near.once('data', (data: Buffer) => {
      // a request's first line is in its first packet
      const end = data.indexOf('\r\n') + 2
      far.write(from == null ? data : Buffer.concat([data.subarray(0, end), Buffer.from(`X-Forwarded-For: ${from}\r\n`), data.subarray(end)]))
      near.pipe(far)
    })
    far.pipe(near)
  }

  const server: Server = tls ? createTlsServer({ cert: readFileSync(CERTIFICATE[1]), key: readFileSync(CERTIFICATE[3]) }, forward) : createServer(forward)
  await new Promise<void>(resolve => { server.listen(0, '127.0.0.1', resolve) })

  return {
    port: (server.address() as AddressInfo).port,
    async stop () {
      for (const socket of sockets) {
        socket.destroy()
      }

      await new Promise(resolve => { server.close(resolve) })
    }
  }
}
