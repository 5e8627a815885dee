import { readFile } from 'node:fs/promises'
import { denylistEntries, parseDenylist } from '@kitsune/want-router/policies'
import { ConfigError } from '../errors.ts'
import type { DenyRules } from '@kitsune/want-router/policies'

/**
 * Prints the input of `wrangler kv bulk put` for the namespace DENYLIST. It reads lists in the
 * compact denylist format, and the output of `wrangler kv key list` with the keys that the
 * namespace already has.
 *
 * @throws {ConfigError} a file cannot be read, or is neither of them
 */
export async function printDenylistKv (files: readonly string[], print: (line: string) => void): Promise<void> {
  if (files.length === 0) {
    throw new ConfigError('kitsune-edge denylist-kv <list|keys.json>…: name denylists, and the output of `wrangler kv key list`')
  }

  const lists: DenyRules[] = []
  const existing: string[] = []

  for (const file of files) {
    try {
      const text = await readFile(file, 'utf8')

      if (text.trimStart().startsWith('[')) {
        existing.push(...(JSON.parse(text) as Array<{ name: string }>).map(({ name }) => name.toLowerCase()))
      } else {
        lists.push((await parseDenylist(text, async () => {})).rules)
      }
    } catch (err) {
      throw new ConfigError(`${file}: ${(err as Error).message}`)
    }
  }

  const { keys, filter } = denylistEntries(lists, existing)
  const known = new Set(existing)
  const entries = [...keys.filter(key => !known.has(key)).map(key => ({ key, value: '{}' })), { key: 'filter', value: filter }]
  print(`[\n${entries.map(entry => JSON.stringify(entry)).join(',\n')}\n]`)
}
