import { visit } from 'jsonc-parser'
import { ConfigError } from '../errors.ts'
import type { BalancerConfig } from './config.ts'
import type { DownstreamConfig } from './downstreams.ts'

/**
 * Parses a config file. A key that stands twice is refused: JSON.parse would take
 * the last one, and whoever edits the first would change nothing.
 *
 * @throws {ConfigError} with the line and the name of the key
 * @throws {SyntaxError} it is not JSON
 */
export function parseConfigFile (json: string): unknown {
  const content: unknown = JSON.parse(json)
  const objects: Array<Set<string>> = []

  visit(json, {
    onObjectBegin () { objects.push(new Set()) },
    onObjectEnd () { objects.pop() },
    onObjectProperty (key, _offset, _length, line, _character, path) {
      const keys = objects.at(-1)

      if (keys?.has(key) === true) {
        throw new ConfigError(`the key "${[...path(), key].join('.')}" stands twice, the second time in line ${line + 1}`)
      }

      keys?.add(key)
    }
  })

  return content
}

/**
 * The configuration as a config file that means the same. Only credentials that
 * stood in URLs are missing: see {@link credentialsLeftOut}.
 */
export function toConfigFile ({ downstreams, admin, limits, ...config }: BalancerConfig): Record<string, unknown> {
  const { maxConnections, maxNewConnections, wantsPerPeer, wantLifetime, unsent, inFlight, wantsPerMember, ejectAfter, ejection } = limits

  return {
    downstream: downstreams.map(toFileEntry),
    ...config,
    admin: `${admin.host.includes(':') ? `[${admin.host}]` : admin.host}:${admin.port}`,
    maxConnections,
    maxNewConnections,
    maxWants: wantsPerPeer,
    wantLifetime: wantLifetime / 1000,
    maxUnsent: unsent,
    maxInFlight: inFlight,
    maxNodeWants: wantsPerMember,
    ejectAfter,
    ejection: ejection / 1000
  }
}

/** Names of the nodes whose credentials are in no file, so that {@link toConfigFile} must not show them. */
export function credentialsLeftOut ({ downstreams }: BalancerConfig): string[] {
  return downstreams.filter(({ authorization, authFile }) => authorization != null && authFile == null).map(({ id }) => id)
}

function toFileEntry ({ id, kind, address, authorization, ...downstream }: DownstreamConfig): Record<string, unknown> {
  return { address, ...(id === address ? {} : { name: id }), ...downstream }
}
