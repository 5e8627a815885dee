import { generateKeyPair, privateKeyToProtobuf } from '@libp2p/crypto/keys'
import { startLocalWorker } from 'kitsune-edge/local'
import type { LocalWorker, LocalWorkerInit } from 'kitsune-edge/local'

/** Starts the edge server in workerd, with a new identity. */
export async function startWorker (init: Omit<LocalWorkerInit, 'identity'>): Promise<LocalWorker> {
  return startLocalWorker({ ...init, identity: Buffer.from(privateKeyToProtobuf(await generateKeyPair('Ed25519'))).toString('base64') })
}

/** A sample of its metrics, by the name after `kitsune_edge_`, with labels; 0 if there is none. */
export async function workerMetric ({ url }: LocalWorker, name: string): Promise<number> {
  const line = (await (await fetch(`${url}/metrics`)).text()).split('\n').find(line => line.startsWith(`kitsune_edge_${name} `))

  return Number(line?.split(' ')[1] ?? 0)
}
