import { IpNet } from '@chainsafe/netmask'
import { wantKey } from '@kitsune/bitswap-codec'
import { CID } from 'multiformats/cid'
import { parseAddress } from '../../http/trusted-proxies.ts'
import type { WantKey } from '@kitsune/bitswap-codec'

/** A rule, which counts if no later one matches. */
interface Rule { readonly allows: boolean, readonly line: number }

/** Rules that say who may ask, and for what. */
export interface AccessRules {
  /** By its id, and the bytes of its IP address, if that is known. */
  allowsClient (id: string, address: Uint8Array | undefined): boolean
  allowsBlock (key: WantKey): boolean
  /** How many rules there are. */
  readonly size: number
  /** Lines that are not rules. */
  readonly malformed: number
  /** The number of the first of these lines, from 1. */
  readonly firstMalformed?: number
}

/**
 * Reads rules, one in each line: `allow` or `deny`, `client` or `cid`, and a peer id, an IP address or network, or a CID; or
 * `*` for all. The last rule that matches counts; what no rule matches is allowed. A CID stands for its block under all its CIDs. What
 * follows a `#` is a comment.
 */
export function parseAccessRules (text: string): AccessRules {
  const clients = new Map<string, Rule>()
  const networks: Array<Rule & { readonly network: IpNet }> = []
  const blocks = new Map<WantKey, Rule>()
  let anyClient: Rule = { allows: true, line: 0 }
  let anyBlock: Rule = { allows: true, line: 0 }
  let size = 0
  let malformed = 0
  let firstMalformed: number | undefined

  function add (verb: string, kind: string, name: string, line: number): boolean {
    const rule: Rule = { allows: verb === 'allow', line }

    if (kind === 'cid') {
      const key = name === '*' ? undefined : keyOf(name)

      if (key != null) {
        blocks.set(key, rule)
      } else if (name === '*') {
        anyBlock = rule
      } else {
        return false
      }

      return true
    }

    const network = rangeOf(name)

    if (name === '*') {
      anyClient = rule
    } else if (network != null) {
      networks.push({ ...rule, network })
    } else if (/^[1-9A-HJ-NP-Za-z]{30,}$/.test(name)) {
      clients.set(name, rule)
    } else {
      return false
    }

    return true
  }

  text.split('\n').forEach((line, i) => {
    const words = line.replace(/#.*/, '').trim().split(/\s+/)
    const [verb, kind, name] = words

    if (verb === '') {
      return
    }

    if (words.length === 3 && ['allow', 'deny'].includes(verb) && ['client', 'cid'].includes(kind) && add(verb, kind, name, i + 1)) {
      size++
    } else {
      malformed++
      firstMalformed ??= i + 1
    }
  })

  return {
    size,
    malformed,
    firstMalformed,
    allowsClient: (id, address) => last([anyClient, clients.get(id), ...(address == null ? [] : networks.filter(({ network }) => network.contains(address)))]),
    allowsBlock: key => last([anyBlock, blocks.get(key)])
  }
}

function last (rules: ReadonlyArray<Rule | undefined>): boolean {
  return rules.reduce((a, b) => (b?.line ?? -1) > (a?.line ?? -1) ? b : a)?.allows ?? true
}

function keyOf (name: string): WantKey | undefined {
  try {
    return wantKey(CID.parse(name).bytes)
  } catch {
    // it is not a CID
  }
}

function rangeOf (name: string): IpNet | undefined {
  const [address, bits] = name.split('/')
  const bytes = parseAddress(address)

  try {
    return bytes == null ? undefined : new IpNet(address, bits ?? 8 * bytes.length)
  } catch {
    // it is not a network
  }
}
