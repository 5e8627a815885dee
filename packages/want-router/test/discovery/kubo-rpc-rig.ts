import { createServer } from 'node:http'
import { kubo } from '../../src/discovery/kubo-rpc.ts'
import { fakeTimers, recordingSink } from '../targets/fixtures.ts'
import type { KuboInit } from '../../src/discovery/kubo-rpc.ts'
import type { LocatedPeer, Target, TargetInit } from '../../src/targets/target.ts'
import type { FakeTimers } from '../targets/fixtures.ts'
import type { Logger } from '@libp2p/interface'
import type { IncomingMessage, RequestListener, Server } from 'node:http'
import type { AddressInfo } from 'node:net'

export const ID = '12D3KooWJvyP4dnE7TQhYSNVc8GUv7LoGBHKcfUxSvSwCqWEBJfF'

/** An answer of kubo 0.42, shortened. */
export function answerOf (id: string): string {
  return JSON.stringify({
    ID: id,
    PublicKey: 'CAESIIiF',
    Addresses: [`/ip4/172.17.0.2/tcp/4001/p2p/${id}`, `/ip4/172.17.0.2/udp/4001/quic-v1/p2p/${id}`],
    AgentVersion: 'kubo/0.42.0/',
    Protocols: ['/ipfs/bitswap/1.2.0']
  })
}

/** The result of one attempt, and everything that was reported about it. */
export interface Attempt {
  readonly located?: LocatedPeer
  readonly error?: Error
}

/** An RPC on loopback, new for each test, and targets that ask it. */
export interface KuboRpcRig {
  respond: RequestListener
  requests: Array<Pick<IncomingMessage, 'method' | 'url' | 'headers'>>
  address: string
  targets: Target[]
  timers: FakeTimers
  /** Starts a target; each `next` is what its next attempt to connect came to. */
  begin (init: TargetInit): { next(): Promise<Attempt> }
  urlWith (credentials: string): string
  /** The first attempt with a server that responds so. */
  locateAt (listener: RequestListener, init?: Partial<KuboInit>): Promise<Attempt & { asked: Array<string | undefined>, said: string }>
  locate (init?: Partial<KuboInit>): Promise<Attempt>
}

/** Sets up a rig before each test of the suite that calls this, and tears it down after. */
export function useKuboRpcRig (): KuboRpcRig {
  let server: Server
  let said = ''

  beforeEach(async () => {
    server = createServer((request, response) => {
      rig.requests.push({ method: request.method, url: request.url, headers: request.headers })
      rig.respond(request, response)
    })
    await new Promise<void>(resolve => { server.listen(0, '127.0.0.1', resolve) })
    said = ''
    Object.assign(rig, fresh(), { address: `127.0.0.1:${(server.address() as AddressInfo).port}` })
  })

  afterEach(async () => {
    await Promise.all(rig.targets.map(async target => target.stop()))
    server.closeAllConnections()
    await new Promise(resolve => server.close(resolve))
  })

  function say (...args: unknown[]): void {
    said += args.map(arg => arg instanceof Error ? `${arg.stack} ${arg.cause} ${JSON.stringify(arg)}` : String(arg)).join(' ') + '\n'
  }

  const logger: Logger = Object.assign(say, { error: say, trace: say, enabled: true, newScope: () => logger })

  const rig: KuboRpcRig = {
    ...fresh(),
    address: '',
    begin (init) {
      const { target, next } = begin(init, logger, say)
      rig.targets.push(target)

      return { next }
    },
    urlWith: credentials => `http://${credentials}${rig.address}`,

    async locateAt (listener, init) {
      rig.respond = listener
      const attempt = await rig.locate(init)

      return { ...attempt, asked: rig.requests.map(({ url }) => url), said }
    },

    async locate (init = {}) {
      const [target] = kubo([{ url: rig.urlWith(''), retry: { timers: rig.timers }, ...init }])

      return rig.begin(target).next()
    }
  }

  return rig
}

function fresh (): Pick<KuboRpcRig, 'respond' | 'requests' | 'targets' | 'timers'> {
  return { respond: (_, response) => { response.end(answerOf(ID)) }, requests: [], targets: [], timers: fakeTimers() }
}

function begin (init: TargetInit, logger: Logger, say: (...args: unknown[]) => void): { target: Target, next(): Promise<Attempt> } {
  const attempts: Attempt[] = []
  let noted = Promise.withResolvers<void>()

  const note = (attempt: Attempt): void => {
    attempts.push(attempt)
    noted.resolve()
  }

  const target = init.create({
    logger: { forComponent: () => logger },
    openPeer: async located => {
      note({ located })

      return new Promise(() => {})
    }
  })
  const sink = recordingSink()

  sink.down = error => {
    say(error)
    note({ error })
  }

  Promise.resolve(target.start(sink)).catch(say)

  return {
    target,
    async next () {
      await noted.promise
      noted = Promise.withResolvers()

      return attempts.shift() ?? {}
    }
  }
}
