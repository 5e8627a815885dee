import { isDeepStrictEqual } from 'node:util'
import { toConfigFile } from './effective-config.ts'
import type { BalancerConfig } from './config.ts'
import type { DownstreamConfig } from './downstream-config.ts'

/** Whether two configurations with one name mean different nodes, or a node to which the balancer must connect anew. */
export function isAnotherNode (a: DownstreamConfig, b: DownstreamConfig): boolean {
  return a.kind !== b.kind || a.address !== b.address || a.entries !== b.entries || a.authorization?.reveal() !== b.authorization?.reveal()
}

/** Whether a node has another weight or other labels. */
export function isChanged (a: DownstreamConfig, b: DownstreamConfig): boolean {
  return a.weight !== b.weight || !isDeepStrictEqual(a.labels, b.labels)
}

/** The keys, in a config file, of the settings that differ, except the nodes. */
export function changedSettings (before: BalancerConfig, after: BalancerConfig): string[] {
  const [a, b] = [toConfigFile(before), toConfigFile(after)]
  const keys = new Set([...Object.keys(a), ...Object.keys(b)])

  return [...keys].filter(key => key !== 'downstream' && !isDeepStrictEqual(a[key], b[key]))
}
