import { base58btc } from 'multiformats/bases/base58'
import { startCountingServer } from './counting-server.ts'
import type { CountingServer } from './counting-server.ts'

/** Where a block is, in the object of that path. */
export interface DynamoPlace {
  readonly multihash: Uint8Array
  readonly carpath: string
  readonly offset: number
  readonly length: number
}

/** Starts what answers the queries of `dynamoIndex` as DynamoDB would, with a row for each place. */
export async function startDynamoService (places: Iterable<DynamoPlace>): Promise<CountingServer> {
  const rows = new Map<string, unknown>()

  for (const { multihash, carpath, offset, length } of places) {
    rows.set(base58btc.encode(multihash), { carpath: { S: carpath }, offset: { N: `${offset}` }, length: { N: `${length}` } })
  }

  return startCountingServer((request, response) => {
    const body: Uint8Array[] = []
    request.on('data', (chunk: Uint8Array) => { body.push(chunk) })
    request.on('end', () => {
      const query: { ExpressionAttributeValues: { ':key': { S: string } } } = JSON.parse(`${Buffer.concat(body)}`)
      const row = rows.get(query.ExpressionAttributeValues[':key'].S)
      response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' }).end(JSON.stringify({ Items: row == null ? [] : [row] }))
    })
  })
}
