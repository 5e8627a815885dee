import { httpStore } from '../../src/index.ts'
import { objectStoreTests } from '../../src/testing/index.ts'
import { startFileServer } from './http-server.ts'

objectStoreTests(async () => {
  const server = await startFileServer()
  const maxRead = 1024 * 1024

  return {
    store: httpStore({ url: server.url, maxRead }),
    maxRead,
    put (object, bytes) { server.files.set(object, bytes) },
    remove (object) { server.files.delete(object) },
    requests: server.requests,
    http: {
      fetch: async request => fetch(request),
      withFetch: (fetch, retry) => httpStore({ url: server.url, fetch, retry })
    },
    stop: server.stop
  }
}, { name: 'http store', http: true, list: false })
