import type { GatewayTask } from './read-through-gateway.ts'

/** What an answer of the service worker was. */
export interface WorkerAnswer {
  readonly status: number
  readonly type: string | null
  readonly etag: string | null
  readonly length: number
}

/** What to ask it for. */
export interface WorkerTask extends GatewayTask {
  /** The CID of a block that is nowhere. */
  readonly absent: string
}

export interface WorkerResult {
  readonly block?: WorkerAnswer
  readonly head?: WorkerAnswer
  readonly car?: WorkerAnswer
  readonly absent?: WorkerAnswer
  readonly failure?: string
}

async function ask (path: string, method = 'GET'): Promise<WorkerAnswer> {
  const response = await fetch(path, { method })
  const { status, headers } = response

  return { status, type: headers.get('content-type'), etag: headers.get('etag'), length: (await response.arrayBuffer()).byteLength }
}

async function run (): Promise<WorkerResult> {
  const { url, root, leaf, absent }: WorkerTask = await (await fetch('/task')).json()
  const { serviceWorker } = navigator
  const controlled = new Promise(resolve => { serviceWorker.addEventListener('controllerchange', resolve) })
  await serviceWorker.register(`/worker.js?gateway=${encodeURIComponent(url)}`, { type: 'module' })
  await controlled

  return {
    block: await ask(`/ipfs/${leaf}?format=raw`),
    head: await ask(`/ipfs/${leaf}?format=raw`, 'HEAD'),
    car: await ask(`/ipfs/${root}?format=car`),
    absent: await ask(`/ipfs/${absent}?format=raw`)
  }
}

const result = await run().catch((err: Error) => ({ failure: `${err.name}: ${err.message}` }))
await fetch('/result', { method: 'POST', body: JSON.stringify(result) })
