import { memoryStore } from '@kitsune/block-source'
import { expect } from 'aegir/chai'
import { ConfigError } from '../../src/errors.ts'
import { checkEnv } from '../../src/worker/env.ts'
import type { R2BucketLike } from '@kitsune/block-source'

const bucket = memoryStore({ objects: new Map() }) as unknown as R2BucketLike

describe('checkEnv', () => {
  it('takes a bucket and an identity, by its name or that of Hoverboard', () => {
    expect(checkEnv({ CARPARK: bucket, IDENTITY: 'key' })).to.include({ identity: 'key', blockMap: true, subRequests: 900 })
    expect(checkEnv({ CARPARK: bucket, PEER_ID_JSON: 'json', SUB_REQUESTS: '50' })).to.include({ identity: 'json', subRequests: 50 })
  })

  it('reports each missing binding in a sentence', () => {
    expect(() => checkEnv({})).to.throw(ConfigError, /^CARPARK is missing: .*\. IDENTITY is missing: .*`wrangler secret put IDENTITY`\.$/)
    expect(() => checkEnv({ CARPARK: bucket, IDENTITY: 'key', DUDEWHERE: bucket })).to.throw(ConfigError, 'SATNAV is missing')
    expect(() => checkEnv({ CARPARK: bucket, IDENTITY: 'key', BLOCK_MAP: 'false' })).to.throw(ConfigError, 'DUDEWHERE is missing')
    expect(() => checkEnv({ CARPARK: bucket, IDENTITY: 'key', SUB_REQUESTS: 'many' })).to.throw(ConfigError, 'not many')
  })
})
