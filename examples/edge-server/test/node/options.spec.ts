import { expect } from 'aegir/chai'
import { ConfigError } from '../../src/errors.ts'
import { parseOptions } from '../../src/node/options.ts'

const CREDENTIALS = { AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'secret' }

describe('parseOptions', () => {
  it('takes a folder, and listens on TCP and WebSockets', () => {
    expect(parseOptions(['cars'], {})).to.deep.include({
      cars: { kind: 'folder', folder: 'cars' },
      listen: ['/ip4/0.0.0.0/tcp/4011', '/ip4/0.0.0.0/tcp/4012/ws']
    })
  })

  it('takes a bucket, whose credentials are in the environment', () => {
    expect(parseOptions(['s3://bucket/', '--endpoint', 'http://s3.test'], { ...CREDENTIALS, AWS_REGION: 'auto' })?.cars).to.deep.equal({
      kind: 's3', bucket: 'bucket', endpoint: 'http://s3.test', region: 'auto', credentials: { accessKeyId: 'id', secretAccessKey: 'secret' }
    })
    expect(() => parseOptions(['s3://bucket'], {})).to.throw(ConfigError, 'AWS_ACCESS_KEY_ID')
  })

  it('refuses anything else with one line', () => {
    for (const argv of [[], ['a', 'b'], ['gs://bucket'], ['s3://a/b'], ['cars', '--nonsense'], ['cars', '--key']]) {
      expect(() => parseOptions(argv, CREDENTIALS), argv.join(' ')).to.throw(ConfigError).with.property('message').that.does.not.include('\n')
    }
  })

  it('takes a Redis for quotas, and quotes no credentials', () => {
    const QUOTAS = ['--quotas', '{"maxMisses": 5}']
    expect(parseOptions(['cars', ...QUOTAS, '--redis', 'rediss://me:secret@redis.test:6380/1'], {})?.redis).to.equal('rediss://me:secret@redis.test:6380/1')
    expect(() => parseOptions(['cars', '--redis', 'redis://redis.test'], {})).to.throw(ConfigError, '--quotas')

    for (const url of ['http://me:secret@redis.test', 'redis:', 'me:secret@redis.test']) {
      expect(() => parseOptions(['cars', ...QUOTAS, '--redis', url], {}), url).to.throw(ConfigError).with.property('message').that.does.not.include('secret')
    }
  })

  it('returns undefined if help is requested', () => {
    expect(parseOptions(['--help'], {})).to.equal(undefined)
  })
})
