/* eslint-disable no-console */
import { ok } from 'node:assert'
import { setTimeout } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { unixfs } from '@helia/unixfs'
import { wantRouter } from '@kitsune/want-router'
import { kubo } from '@kitsune/want-router/discovery/kubo-rpc'
import { routerBroker } from '@kitsune/want-router/helia'
import { identify } from '@libp2p/identify'
import { noise } from '@libp2p/noise'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { createHeliaLight } from 'helia'
import { createLibp2p } from 'libp2p'
import { CID } from 'multiformats/cid'

/**
 * A program as a new user writes it, in a project that uses only the packages of this repository: a Helia that
 * reads through a router, the README's policies, and a node that replaces another one during a pin. It is copied
 * there, with the README's code in files beside it.
 */
const [old, next, client, root, size, denied] = process.argv.slice(2)
/** @param {string} name */
const beside = async name => import(pathToFileURL(name).href)
const { denylist, rate } = await beside('policies.ts')
const { replaceMember } = await beside('replace-member.ts')

const node = await createLibp2p({
  addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
  transports: [tcp()],
  connectionEncrypters: [noise()],
  streamMuxers: [yamux()],
  services: {
    identify: identify(),
    router: wantRouter({
      targets: kubo([{ url: old, id: 'old' }]),
      policies: [denylist([CID.parse(denied)]), rate(100_000)]
    })
  }
})
const { router } = node.services
await until('the router is ready', () => router.ready)

const helia = createHeliaLight({ blockBrokers: [routerBroker(router)] })
await helia.start()
let length = 0

for await (const bytes of unixfs(helia).cat(CID.parse(root))) {
  length += bytes.byteLength
}

ok(length === Number(size), `Helia read ${length} bytes of ${size}`)
console.log(`Helia has read ${length} bytes`)

await call(client, 'swarm/peering/add', `${node.getMultiaddrs()[0]}`)
await until('the client is connected', () => node.getPeers().length > 1)
const before = router.status().members[0].totals.blocks
const pinned = call(client, 'pin/add', root)
await until('the pin is under way', () => router.status().members[0].totals.blocks > before)
await replaceMember(router, 'old', kubo([{ url: next, id: 'next' }])[0])
await pinned
const { members, totals } = router.status()
ok(members.length === 1 && members[0].id === 'next' && members[0].totals.blocks > 0, 'the next node has served the rest')
ok(totals.dontHavesSent === 0, `${totals.dontHavesSent} DONT_HAVEs`)
console.log(`a kubo has pinned it, ${members[0].totals.blocks} blocks of it from the node that was added meanwhile`)

const refused = await call(client, 'block/get', denied, '&timeout=2s').then(() => false, () => true)
ok(refused && router.status().policies[0].refused > 0, 'denied blocks are not served')
console.log('the policy has refused denied blocks')

await helia.stop()
await node.stop()

/**
 * @param {string} url
 * @param {string} command
 * @param {string} arg
 * @param {string} options
 */
async function call (url, command, arg, options = '') {
  const response = await fetch(`${url}/api/v0/${command}?arg=${encodeURIComponent(arg)}${options}`, { method: 'POST' })
  const text = await response.text()

  if (!response.ok || text.includes('"Type":"error"')) {
    throw new Error(`${command}: ${text}`)
  }
}

/**
 * @param {string} what
 * @param {() => boolean} done
 */
async function until (what, done) {
  for (let i = 0; !done(); i++) {
    ok(i < 3000, `it took too long until ${what}`)
    await setTimeout(5)
  }
}
