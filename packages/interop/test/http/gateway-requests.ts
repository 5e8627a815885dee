import { CarReader } from '@ipld/car'
import * as dagPb from '@ipld/dag-pb'
import { base36 } from 'multiformats/bases/base36'
import { CID } from 'multiformats/cid'

/** A request that two gateways must answer alike. */
export interface GatewayRequest {
  readonly method: 'GET' | 'HEAD'
  /** With the query. */
  readonly path: string
  readonly headers?: Record<string, string>
}

/** An imported CAR: its DAG, and paths into it. */
export interface Fixture {
  readonly root: CID
  readonly cids: readonly CID[]
  /** Paths from the root, without a slash in front. */
  readonly names: readonly string[]
}

export async function readFixture (car: Uint8Array): Promise<Fixture> {
  const reader = await CarReader.fromBytes(car)
  const [root] = await reader.getRoots()
  const cids: CID[] = []
  const names = new Set<string>()

  for await (const { cid, bytes } of reader.blocks()) {
    cids.push(cid)

    if (cid.code === dagPb.code) {
      for (const { Name } of dagPb.decode(bytes).Links) {
        Name == null || names.add(Name)
      }
    }
  }

  return { root, cids, names: [...names] }
}

const CAR = 'application/vnd.ipld.car'
const RAW = 'application/vnd.ipld.raw'
const RANGES = ['0:*', '0:0', '5:10', '100:*', '-5:*', '-1000:*', '0:-1', '3:-2', '1000000:*', '0:1000000', '30:40', '60:-10']

/** How many blocks of one DAG to request: further ones are similar. */
const MOST_CIDS = 40

/** Requests for blocks and CARs of a DAG. */
export function requestsFor ({ root, cids: all, names }: Fixture): GatewayRequest[] {
  const cids = all.slice(0, MOST_CIDS)
  const gets = [
    ...cids.flatMap(cid => [`/ipfs/${cid}?format=raw`, `/ipfs/${cid}?format=car`, `/ipfs/${cid}?format=car&dag-scope=entity`, `/ipfs/${cid}?format=car&dag-scope=block`]),
    ...cids.filter(({ code }) => code === dagPb.code).flatMap(cid => RANGES.map(range => `/ipfs/${cid}?format=car&dag-scope=entity&entity-bytes=${range}`)),
    ...names.flatMap(name => ['all', 'entity', 'block'].map(scope => `/ipfs/${root}/${encodeURIComponent(name)}?format=car&dag-scope=${scope}`)),
    ...names.map(name => `/ipfs/${root}/${encodeURIComponent(name)}/beyond?format=car`),
    `/ipfs/${root}/no/such/name?format=car`,
    `/ipfs/${root}/?format=car`,
    `/ipfs/${root}?format=car&car-dups=y`,
    `/ipfs/${root}?format=car&car-order=unk`,
    `/ipfs/${root}?format=car&filename=a%20b%C3%BC.car`,
    `/ipfs/${root}?format=raw&filename=block.bin`
  ]

  return [
    ...gets.map((path): GatewayRequest => ({ method: 'GET', path })),
    ...cids.map((cid): GatewayRequest => ({ method: 'HEAD', path: `/ipfs/${cid}?format=raw` })),
    { method: 'HEAD', path: `/ipfs/${root}?format=car` },
    { method: 'HEAD', path: `/ipfs/${root}?format=car&dag-scope=block` }
  ]
}

/** Requests with various headers and forms, for an existing block. */
export function requestsAbout (cid: CID): GatewayRequest[] {
  const raw = `/ipfs/${cid}?format=raw`
  const get = (path: string, headers?: Record<string, string>): GatewayRequest => ({ method: 'GET', path, headers })

  return [
    get('/ipfs/bafkqaaa?format=raw'),
    { method: 'HEAD', path: '/ipfs/bafkqaaa?format=raw' },
    get(`/ipfs/${cid}`, { accept: RAW }),
    get(`/ipfs/${cid}`, { accept: CAR }),
    get(`/ipfs/${cid}`, { accept: `text/html, ${CAR};version=1;order=dfs;dups=n, */*;q=0.1` }),
    get(`/ipfs/${cid}?format=car`, { accept: `${CAR};dups=y` }),
    get(`/ipfs/${cid}?format=car`, { accept: `${CAR};order=unk` }),
    get(`/ipfs/${cid}?format=raw`, { accept: CAR }),
    get(`/ipfs/${cid.toString(base36)}?format=raw`),
    get(`/ipfs/${cid.toString().toUpperCase()}?format=raw`),
    get(raw, { range: 'bytes=0-9' }),
    get(raw, { range: 'bytes=-9' }),
    get(raw, { range: 'bytes=100000000-' }),
    get(raw, { range: 'bytes=9-0' }),
    get(raw, { range: 'bytes=0-9', 'if-range': `"${cid}.raw"` }),
    get(raw, { range: 'bytes=0-9', 'if-range': '"other"' }),
    get(raw, { 'if-none-match': `"${cid}.raw"` }),
    get(raw, { 'if-none-match': `W/"${cid}.raw"` }),
    get(raw, { 'if-none-match': `"other", "${cid}.raw"` }),
    get(raw, { 'if-none-match': '*' }),
    get(raw, { 'if-none-match': '"other"' }),
    get(`/ipfs/${cid}?format=car`, { 'if-none-match': '*' }),
    { method: 'HEAD', path: raw, headers: { 'if-none-match': `"${cid}.raw"` } }
  ]
}

/** Requests that must be refused. */
export function badRequests (cid: CID): GatewayRequest[] {
  const car = `/ipfs/${cid}?format=car`

  return [
    `/ipfs/${cid}`,
    `/ipfs/${cid}?format=nonsense`,
    `/ipfs/${cid}?format=tar`,
    `/ipfs/${cid}/a?format=raw`,
    '/ipfs/nonsense?format=raw',
    '/ipfs/nonsense?format=car',
    '/ipfs/bafkqaa?format=raw',
    `${car}&dag-scope=nonsense`,
    `${car}&car-order=nonsense`,
    `${car}&car-dups=nonsense`,
    `${car}&car-version=2`,
    ...['', ':', '1', '1:2:3', 'a:1', '1:a', '10:5', '-5:-10', '*:1', '0:**'].map(range => `${car}&dag-scope=entity&entity-bytes=${range}`)
  ].map(path => ({ method: 'GET', path }))
}
