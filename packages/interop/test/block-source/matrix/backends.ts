import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { httpStore, memoryMapStore, memoryStore, s3MapStore } from '@kitsune/block-source'
import { folderMapStore } from '@kitsune/block-source/fs'
import { freePort } from '../../../src/free-port.ts'
import { needCaddy, needVersitygw } from '../../../src/needs.ts'
import { removeFolder, startProcess, temporaryFolder } from '../../../src/processes.ts'
import { poll } from '../../../src/until.ts'
import { startVersitygw } from '../../../src/versitygw.ts'
import type { Skippable } from '../../../src/needs.ts'
import type { MapStore, ObjectStore, UploadStore } from '@kitsune/block-source'

/** Where objects are: written by one store, and read by the same or another one. */
export interface Backend {
  readonly store: ObjectStore
  readonly files: MapStore | UploadStore
  stop (): Promise<void>
}

const BUCKET = 'kitsune-tests'

export const BACKENDS: Readonly<Record<string, (context: Skippable) => Promise<Backend>>> = {
  async memory () {
    const files = memoryMapStore()

    return { store: files, files, stop: async () => {} }
  },

  async 'a folder' () {
    const folder = temporaryFolder('objects')
    const files = folderMapStore({ folder })

    return { store: files, files, stop: async () => { removeFolder(folder) } }
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
      store: httpStore({ url }),
      files: folderMapStore({ folder }),
      async stop () {
        await running.stop()
        removeFolder(folder)
        removeFolder(home)
      }
    }
  },

  async 'S3, versitygw' (context) {
    const { endpoint, credentials, stop } = await startVersitygw(needVersitygw(context, 'CARs in S3'), [BUCKET])
    const files = s3MapStore({ bucket: BUCKET, endpoint, credentials })

    return { store: files, files, stop }
  }
}

/** Writes an object of any size. */
export async function write ({ files }: Backend, object: string, bytes: Uint8Array): Promise<void> {
  if ('upload' in files) {
    await files.upload(object, { store: memoryStore({ objects: new Map([[object, bytes]]) }), object, size: bytes.byteLength })
  } else {
    await files.put(object, bytes)
  }
}
