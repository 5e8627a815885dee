import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { carSource, httpStore, memoryStore, s3MapStore } from '@kitsune/block-source'
import { folderMapStore } from '@kitsune/block-source/fs'
import { blake2b256 } from '@multiformats/blake2/blake2b'
import { freePort } from '../../../src/free-port.ts'
import { needCaddy, needVersitygw } from '../../../src/needs.ts'
import { removeFolder, startProcess, temporaryFolder } from '../../../src/processes.ts'
import { poll } from '../../../src/until.ts'
import { startVersitygw } from '../../../src/versitygw.ts'
import { OPEN } from './open-index.ts'
import { startR2 } from './r2.ts'
import type { Backend } from './backend.ts'
import type { Write } from './write-indexes.ts'
import type { Skippable } from '../../../src/needs.ts'
import type { ListingStore, ObjectStore, UploadStore } from '@kitsune/block-source'

const BUCKET = 'kitsune-tests'

export const BACKENDS: Readonly<Record<string, (context: Skippable) => Promise<Backend>>> = {
  async memory () {
    const objects = new Map<string, Uint8Array>()

    return { write: async (object, bytes) => { objects.set(object, bytes) }, open: reading(memoryStore({ objects })), stop: async () => {} }
  },

  async 'a folder' () {
    const folder = temporaryFolder('objects')
    const store = folderMapStore({ folder })

    return { write: uploading(store), open: reading(store), stop: async () => { removeFolder(folder) } }
  },

  async 'a web server, Caddy' (context) {
    const caddy = needCaddy(context, 'CARs on a web server')
    const folder = temporaryFolder('objects')
    const home = temporaryFolder('caddy')
    const port = await freePort()
    const url = `http://127.0.0.1:${port}/`
    const server = { listen: [`127.0.0.1:${port}`], automatic_https: { disable: true }, routes: [{ handle: [{ handler: 'file_server', root: folder }] }] }
    writeFileSync(join(home, 'config.json'), JSON.stringify({ admin: { disabled: true }, apps: { http: { servers: { server } } } }))
    const running = startProcess(caddy, ['run', '--config', join(home, 'config.json')], { env: { XDG_DATA_HOME: home, XDG_CONFIG_HOME: home, HOME: home } })
    await poll(async () => (await fetch(url)).status === 404, 'Caddy to answer')

    return {
      write: uploading(folderMapStore({ folder })),
      open: reading(httpStore({ url })),
      async stop () {
        await running.stop()
        removeFolder(folder)
        removeFolder(home)
      }
    }
  },

  async 'S3, versitygw' (context) {
    const { endpoint, credentials, stop } = await startVersitygw(needVersitygw(context, 'CARs in S3'), [BUCKET])
    const store = s3MapStore({ bucket: BUCKET, endpoint, credentials })

    return { write: uploading(store), open: reading(store), stop }
  },

  'R2, workerd': startR2
}

function reading (store: ObjectStore): Backend['open'] {
  return (title, opening) => carSource({ store, index: OPEN[title](store as ListingStore, opening), hashers: [blake2b256] })
}

/** A part at a time, since a CAR may be long. */
function uploading (store: UploadStore): Write {
  return async (object, bytes) => store.upload(object, { store: memoryStore({ objects: new Map([[object, bytes]]) }), object, size: bytes.byteLength })
}
