/* eslint-disable no-console */
import { createServer } from 'node:http'
import { create } from 'ipfs-core'
import { CID } from 'multiformats/cid'

/**
 * A js-ipfs in its own process, which a test controls over HTTP on loopback. It
 * listens for no peer, dials only peers that it is told to, and has no others to ask
 * for blocks. Run it with the folder of its repository, where its dependencies
 * resolve (they are not here), and the multiaddrs of preload nodes: see
 * src/js-ipfs.ts.
 */
// the older one takes an address as text
const multiaddr = await import('@multiformats/multiaddr').then(({ multiaddr }) => multiaddr, () => text => text)
const preloaders = process.argv.slice(3)
const ipfs = await create({
  repo: process.argv[2],
  silent: true,
  preload: { enabled: preloaders.length > 0, addresses: preloaders },
  init: { emptyRepo: true, algorithm: 'Ed25519' },
  config: {
    Addresses: { Swarm: [], API: '', Gateway: '', Delegates: [] },
    Bootstrap: [],
    Discovery: { MDNS: { Enabled: false } },
    Pubsub: { Enabled: false },
    Routing: { Type: 'none' },
    Swarm: { DisableNatPortMap: true }
  }
})

/** By path; each is given the query's `arg`. */
const commands = {
  '/connect': async argument => {
    await ipfs.swarm.connect(multiaddr(argument))

    return ''
  },
  '/block': async argument => ipfs.block.get(CID.parse(argument)),
  '/cat': async argument => {
    const chunks = []

    for await (const chunk of ipfs.cat(CID.parse(argument))) {
      chunks.push(chunk)
    }

    return Buffer.concat(chunks)
  },
  '/add': async (argument, request) => {
    const { cid } = await ipfs.add(request, { cidVersion: 1, rawLeaves: true, pin: false, ...JSON.parse(argument ?? '{}') })

    return cid.toString()
  },
  '/directory': async argument => {
    const { files, size } = JSON.parse(argument)
    let root = ''

    for await (const { cid, path } of ipfs.addAll(namedFiles(files, size), { wrapWithDirectory: true, cidVersion: 1, rawLeaves: true, pin: false })) {
      root = path === '' ? cid.toString() : root
    }

    return root
  },
  '/connections': async () => JSON.stringify(ipfs.libp2p.getConnections().map(({ id, remotePeer, stat }) => ({
    id,
    peerId: remotePeer.toString(),
    multiplexer: stat.multiplexer
  })))
}

function * namedFiles (count, size) {
  for (let i = 0; i < count; i++) {
    yield { path: `${i}.txt`, content: Buffer.alloc(size, `file ${i} `) }
  }
}

const server = createServer(async (request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? '', 'http://localhost')

  try {
    response.end(await commands[pathname](searchParams.get('arg'), request))
  } catch (err) {
    response.writeHead(500).end(String(err))
  }
})

server.listen(0, '127.0.0.1', () => {
  console.log(JSON.stringify({ peerId: ipfs.libp2p.peerId.toString(), url: `http://127.0.0.1:${server.address().port}` }))
})
