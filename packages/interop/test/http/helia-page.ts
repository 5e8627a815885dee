import { readThroughGateway } from './read-through-gateway.ts'
import type { GatewayTask } from './read-through-gateway.ts'

/** The results of plain fetches: the length and type of each answer. */
export interface FetchResult {
  readonly block: { readonly status: number, readonly type: string | null, readonly sha256: string }
  readonly car: { readonly status: number, readonly type: string | null, readonly length: number }
}

async function fetchPlainly ({ url, root, leaf }: GatewayTask): Promise<FetchResult> {
  const block = await fetch(`${url}/ipfs/${leaf}?format=raw`)
  const digest = await crypto.subtle.digest('SHA-256', await block.clone().arrayBuffer())
  const car = await fetch(`${url}/ipfs/${root}?format=car`)

  return {
    block: { status: block.status, type: block.headers.get('content-type'), sha256: Array.from(new Uint8Array(digest), byte => byte.toString(16).padStart(2, '0')).join('') },
    car: { status: car.status, type: car.headers.get('content-type'), length: (await car.arrayBuffer()).byteLength }
  }
}

export interface PageResult {
  readonly helia: Record<string, number>
  readonly plain: FetchResult
  readonly failure?: string
}

async function run (): Promise<PageResult> {
  const task: GatewayTask = await (await fetch('/task')).json()

  return { helia: await readThroughGateway(task), plain: await fetchPlainly(task) }
}

/** An error with the errors that it summarises. */
function describe (err: Error & { errors?: Error[] }): string {
  return [`${err.name}: ${err.message}`, ...(err.errors ?? []).map(describe)].join(', ')
}

const result = await run().catch((err: Error) => ({ failure: describe(err) }))
await fetch('/result', { method: 'POST', body: JSON.stringify(result) })
