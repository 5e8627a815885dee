import { startProbedBalancer } from './attack/probed-balancer.ts'
import { startBalancer } from './balancer.ts'
import { startKubo } from './kubo.ts'
import { poll } from './until.ts'
import { createWirePeer } from './wire-peer.ts'
import type { ProbedBalancer } from './attack/probed-balancer.ts'
import type { Balancer, BalancerInit } from './balancer.ts'
import type { Kubo, KuboInit } from './kubo.ts'
import type { WirePeer, WirePeerInit } from './wire-peer.ts'

/** Starts peers and remembers them, so that one call ends everything that a test has started, even if it failed half way. */
export interface Stack {
  kubo (init?: KuboInit): Promise<Kubo>
  wire (init?: WirePeerInit): Promise<WirePeer>
  /** Resolves when the balancer is ready, which means connected to a downstream; not awaited with `ready: false`. */
  balancer (init: BalancerInit & { ready?: boolean }): Promise<Balancer>
  /** The same, one that can be looked into. */
  probed (init: BalancerInit & { ready?: boolean }): Promise<ProbedBalancer>
  /** Registers anything else that a test must end. */
  onStop (stop: () => Promise<unknown>): void
  stop (): Promise<void>
}

/** Makes an empty stack; `binary` returns the path of the kubo that it starts. */
export function stack (binary: () => string = () => { throw new Error('this test starts no kubo') }): Stack {
  const stops: Array<() => Promise<unknown>> = []

  async function started <B extends Balancer> (starting: Promise<B>, ready = true): Promise<B> {
    const balancer = await starting
    stops.push(async () => balancer.stop())

    if (ready) {
      await poll(balancer.ready, `the balancer to be ready:\n${balancer.output.join('\n')}`)
    }

    return balancer
  }

  return {
    async kubo (init) {
      const kubo = await startKubo(binary(), init)
      stops.push(async () => kubo.stop())

      return kubo
    },
    async wire (init) {
      const peer = await createWirePeer(init)
      stops.push(async () => peer.stop())

      return peer
    },
    balancer: async ({ ready, ...init }) => started(startBalancer(init), ready),
    probed: async ({ ready, ...init }) => started(startProbedBalancer(init), ready),
    onStop (stop) {
      stops.push(stop)
    },
    async stop () {
      // clients first, or the balancer waits for their transfers
      for (const stop of stops.splice(0).reverse()) {
        await stop()
      }
    }
  }
}
