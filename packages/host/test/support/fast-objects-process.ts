/**
 * A program that connects two hosts over a transport, and prints as JSON which objects of their
 * connection are fast in V8. It has its own process, since V8 no longer makes fast objects of a
 * class once a suite has created too many shapes of it.
 */
import { runInThisContext } from 'node:vm'
import { multiaddr } from '@multiformats/multiaddr'
import { createHost } from '../../src/node/index.ts'
import { addressOf, remoteEnd } from './hosts.ts'
import { until } from './until.ts'
import type { Connection, Libp2p } from '@libp2p/interface'

const PROTOCOL = '/test/fast-objects/1.0.0'
const AGENT = { name: 'test', version: '0' }

/** The layers of a connection of libp2p. */
interface Layers {
  readonly muxer: { readonly maConn: object }
  readonly maConn: object
}

/** False if V8 keeps the properties in a dictionary, and looks up each of them there. */
const isFast = runInThisContext('object => %HasFastProperties(object)') as (object: object) => boolean

async function connect (transport: 'tcp' | 'ws'): Promise<void> {
  const hosts: Libp2p[] = []

  try {
    const server = await createHost({ listen: ['/ip4/127.0.0.1/tcp/0', '/ip4/127.0.0.1/tcp/0/ws'], agent: AGENT })
    const client = await createHost({ agent: AGENT })
    hosts.push(server, client)
    await Promise.all(hosts.map(async host => host.start()))
    await server.handle(PROTOCOL, () => {})
    const near = await client.dial(multiaddr(addressOf(server, transport)))
    const stream = await near.newStream(PROTOCOL)
    stream.send(new Uint8Array(1))
    const far = await remoteEnd(server, client)
    await until(() => far.streams.some(({ protocol }) => protocol === PROTOCOL))
    process.stdout.write(JSON.stringify({ near: shapes(near), far: shapes(far) }))
  } finally {
    await Promise.all(hosts.map(async host => host.stop()))
  }
}

function shapes (end: Connection): Record<string, boolean> {
  const { muxer, maConn } = end as Connection & Layers

  return {
    connection: isFast(end),
    muxer: isFast(muxer),
    'connection of the muxer': isFast(muxer.maConn),
    'connection of the transport': isFast(maConn),
    streams: end.streams.every(isFast)
  }
}

await connect(process.argv[2] as 'tcp' | 'ws')
