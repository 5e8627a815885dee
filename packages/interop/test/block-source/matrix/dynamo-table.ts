/// <reference path="./dynalite.d.ts" />
import { CarIndexer } from '@ipld/car/indexer'
import { AwsClient } from 'aws4fetch'
import dynalite from 'dynalite'
import { base58btc } from 'multiformats/bases/base58'
import type { CorpusCar } from './corpus.ts'
import type { DynamoIndexInit } from '@kitsune/block-source'
import type { AddressInfo } from 'node:net'

/** A table of block positions like that of Elastic IPFS, in dynalite. */
export interface DynamoTable {
  /** How to read it. */
  readonly init: DynamoIndexInit
  stop (): Promise<void>
}

const TABLE = 'test-ep-blocks-cars-position'
const REGION = 'us-east-2'
const CREDENTIALS = { accessKeyId: 'kitsune', secretAccessKey: 'a secret of the tests' }

/** Starts it with the blocks of these CARs, at the offsets that `@ipld/car` finds. */
export async function startDynamoTable (cars: readonly CorpusCar[]): Promise<DynamoTable> {
  const server = dynalite({ createTableMs: 0 })
  await new Promise<void>(resolve => { server.listen(0, '127.0.0.1', resolve) })
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const client = new AwsClient({ ...CREDENTIALS, region: REGION, service: 'dynamodb' })

  async function call (operation: string, body: object): Promise<string> {
    const headers = { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': `DynamoDB_20120810.${operation}` }
    const response = await client.fetch(endpoint, { method: 'POST', headers, body: JSON.stringify({ TableName: TABLE, ...body }) })
    const text = await response.text()

    if (!response.ok) {
      throw new Error(`${operation}: ${text}`)
    }

    return text
  }

  await call('CreateTable', {
    KeySchema: [{ AttributeName: 'blockmultihash', KeyType: 'HASH' }, { AttributeName: 'carpath', KeyType: 'RANGE' }],
    AttributeDefinitions: [{ AttributeName: 'blockmultihash', AttributeType: 'S' }, { AttributeName: 'carpath', AttributeType: 'S' }],
    BillingMode: 'PAY_PER_REQUEST'
  })

  while (!(await call('DescribeTable', {})).includes('ACTIVE')) {
    // it takes a moment
  }

  for (const { name, bytes } of cars) {
    for await (const { cid, blockOffset, blockLength } of await CarIndexer.fromBytes(bytes)) {
      await call('PutItem', {
        Item: {
          blockmultihash: { S: base58btc.encode(cid.multihash.bytes) },
          carpath: { S: `${REGION}/carpark-prod-0/${name}` },
          offset: { N: `${blockOffset}` },
          length: { N: `${blockLength}` }
        }
      })
    }
  }

  return {
    init: { table: TABLE, region: REGION, endpoint, credentials: CREDENTIALS },
    async stop () {
      server.closeAllConnections()
      await new Promise(resolve => { server.close(resolve) })
    }
  }
}
