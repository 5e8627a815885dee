import { denylist, urlList } from '@kitsune/want-router/policies'
import { fileList } from '@kitsune/want-router/policies/node'
import { ConfigError } from './errors.ts'
import type { Log } from './log/log.ts'
import type { Denylist } from '@kitsune/want-router/policies'

/**
 * Reads the denylists from their paths and URLs, and reads them again when they change. Until every URL has answered once, nothing is served.
 *
 * @returns undefined if there are none
 * @throws {ConfigError} a file cannot be read, or is not a denylist
 */
export async function startDenylists (lists: readonly string[], log: Log): Promise<Denylist | undefined> {
  if (lists.length === 0) {
    return undefined
  }

  const errors: string[] = []
  const policy = denylist({
    lists: lists.map(list => isUrl(list) ? urlList(list) : fileList(list)),
    onError: ({ message }) => {
      errors.push(message)
      log.warn(message, { event: 'denylist' })
    }
  })
  await policy.start()
  const missing = policy.lists.filter(({ loaded }) => !loaded)

  if (missing.some(({ name }) => !isUrl(name))) {
    policy.stop()
    throw new ConfigError(errors.join('; '))
  }

  if (missing.length > 0) {
    log.error(`nothing is served until these denylists can be read: ${missing.map(({ name }) => name).join(', ')}`, { event: 'denylist' })
  }

  const rules = policy.lists.reduce((sum, { rules }) => sum + rules, 0)
  log.info(`denylists: ${rules} rules from ${lists.join(', ')}`, { event: 'denylist', rules })

  return policy
}

function isUrl (list: string): boolean {
  return /^https?:\/\//.test(list)
}
