import { isDeepStrictEqual } from 'node:util'
import { toConfigFile } from './effective-config.ts'
import type { BalancerConfig } from './config.ts'
import type { DownstreamConfig } from './downstream-config.ts'

/** Whether two configurations under one name are of different nodes, or of one that must be connected to again. */
export function isAnotherNode (a: DownstreamConfig, b: DownstreamConfig): boolean {
  return a.kind !== b.kind || a.address !== b.address || a.entries !== b.entries || a.authorization?.reveal() !== b.authorization?.reveal()
}

/** Whether a node has another weight or other labels. */
export function isChanged (a: DownstreamConfig, b: DownstreamConfig): boolean {
  return a.weight !== b.weight || !isDeepStrictEqual(a.labels, b.labels)
}

/** The settings that differ, nodes aside, by their keys in the config file. */
export function changedSettings (before: BalancerConfig, after: BalancerConfig): string[] {
  const [a, b] = [toConfigFile(before), toConfigFile(after)]
  const keys = new Set([...Object.keys(a), ...Object.keys(b)])

  return [...keys].filter(key => key !== 'downstream' && !isDeepStrictEqual(a[key], b[key]))
}
