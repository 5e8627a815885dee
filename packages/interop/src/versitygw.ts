import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from './free-port.ts'
import { removeFolder, startProcess, temporaryFolder } from './processes.ts'
import { poll } from './until.ts'

/** An S3 server on loopback, over a folder that is removed with it. */
export interface Versitygw {
  /** For example `http://127.0.0.1:1234`. */
  readonly endpoint: string
  /** The domain whose subdomains are buckets, for requests in virtual-host style. */
  readonly domain: string
  readonly port: number
  readonly credentials: { readonly accessKeyId: string, readonly secretAccessKey: string }
  /** Ends it and removes its folder. */
  stop (): Promise<void>
}

interface VersitygwInit {
  /**
   * Where it keeps etags and the like: in separate files, which works on any
   * file system; or in extended attributes. With files, a read during a write
   * may return the old object with the new etag, so a test that
   * changes objects by their etags needs attributes. Default `files`
   */
  readonly metadata?: 'files' | 'attributes'
}

/** Starts `versitygw` with these buckets and resolves when it answers. */
export async function startVersitygw (binary: string, buckets: readonly string[], { metadata = 'files' }: VersitygwInit = {}): Promise<Versitygw> {
  const folder = temporaryFolder('versitygw')
  const credentials = { accessKeyId: 'kitsune', secretAccessKey: 'a secret of the tests' }
  const domain = 's3.test'

  for (const name of ['sidecar', ...buckets.map(bucket => join('data', bucket))]) {
    mkdirSync(join(folder, name), { recursive: true })
  }

  const port = await freePort()
  const endpoint = `http://127.0.0.1:${port}`
  const running = startProcess(binary, [
    '--port', `127.0.0.1:${port}`, '--quiet', '--keep-alive', '--virtual-domain', domain,
    'posix', ...(metadata === 'files' ? ['--sidecar', join(folder, 'sidecar')] : []), join(folder, 'data')
  ], { env: { ROOT_ACCESS_KEY_ID: credentials.accessKeyId, ROOT_SECRET_ACCESS_KEY: credentials.secretAccessKey } })

  const stop = async (): Promise<void> => {
    await running.stop()
    removeFolder(folder)
  }

  try {
    await poll(async () => (await fetch(endpoint)).status === 403, 'versitygw to answer')
  } catch (err) {
    await stop()
    throw err
  }

  return { endpoint, domain, port, credentials, stop }
}
