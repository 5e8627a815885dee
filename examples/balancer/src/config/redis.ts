import { ConfigError } from '../errors.ts'
import { createSecret } from './secret.ts'
import { refuse, text } from './values.ts'
import type { Settings } from './layers.ts'
import type { Secret } from './secret.ts'

/** The Redis or Valkey by which balancers with one identity hear of each other's preload requests. */
export interface RedisConfig {
  /** The address without credentials. */
  readonly address: string
  /** The URL, with credentials if there are any. */
  readonly url: Secret
  readonly hasCredentials: boolean
}

/** @throws {ConfigError} */
export function redisSettings ({ redis, preload }: Settings): { readonly redis?: RedisConfig } {
  if (redis == null) {
    return {}
  }

  const written = text(redis, 'a URL') ?? ''
  const url = URL.parse(written)

  if (url == null || !['redis:', 'rediss:'].includes(url.protocol) || url.hostname === '' || url.search !== '') {
    throw refuse(redis, 'must be a URL such as redis://10.0.0.3:6379, or rediss:// for TLS')
  }

  if (preload == null) {
    throw new ConfigError(`${redis.origin}: only preload needs it; use it together with -p`)
  }

  const hasCredentials = url.username !== '' || url.password !== ''
  url.username = url.password = ''

  return { redis: { address: url.href.replace(/\/$/, ''), url: createSecret(written), hasCredentials } }
}
