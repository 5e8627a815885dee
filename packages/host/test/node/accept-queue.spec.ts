import { connect } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import { expect } from 'aegir/chai'
import { startHttpServer } from '../../src/http/index.ts'
import { addressOf, createTestHosts, portOf } from '../support/hosts.ts'
import type { Socket } from 'node:net'

const BURST = 1000

// the kernel queues or drops the connections of a burst before this process accepts any
describe('a burst of connections that comes while the process is busy', function () {
  this.timeout(20_000)

  const sockets: Socket[] = []
  const { server } = createTestHosts()

  before(function () {
    if (process.platform !== 'linux') {
      console.warn(`skipped: the longest queue of ${process.platform} is not known to these tests`) // eslint-disable-line no-console
      this.skip()
    }
  })

  afterEach(() => {
    sockets.splice(0).forEach(socket => socket.destroy())
  })

  /** How many of a burst are connected at once: clients of dropped ones try again only a second later. */
  async function connected (port: number): Promise<number> {
    const connected = new Set<Socket>()

    for (let i = 0; i < BURST; i++) {
      const socket = connect(port, '127.0.0.1')
      socket.on('connect', () => { connected.add(socket) })
      socket.on('error', () => {})
      sockets.push(socket)
    }

    for (let passes = 0; passes < 3; passes++) {
      await turn()
    }

    return connected.size
  }

  for (const transport of ['tcp', 'ws'] as const) {
    it(`waits at a host's listener over ${transport}`, async () => {
      const host = await server()

      expect(await connected(portOf(addressOf(host, transport)))).to.equal(BURST)
    })
  }

  it('waits at an HTTP server', async () => {
    const http = await startHttpServer({ host: '127.0.0.1', port: 0, handler: async () => new Response('') })

    try {
      expect(await connected(Number(new URL(http.url).port))).to.equal(BURST)
    } finally {
      await http.stop()
    }
  })
})
