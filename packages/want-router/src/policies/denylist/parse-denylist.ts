import { base58btc } from 'multiformats/bases/base58'
import { CID } from 'multiformats/cid'
import { decode } from 'multiformats/hashes/digest'
import { DenylistFormatError } from '../../errors.ts'
import { DenyRules } from './deny-rules.ts'

/** A list that was read. */
export interface ParsedDenylist {
  readonly rules: DenyRules
  /** Rules for names and for paths below a CID, which no want for a block has. */
  readonly others: number
  /** Lines that are not rules, or hashed with a function other than sha2-256: they deny nothing. */
  readonly malformed: number
  /** The number of the first of these lines, from 1. */
  readonly firstMalformed?: number
}

const SHA2_256 = 0x12
/** The longest header and the longest line, by the format's specification, in characters. */
const MAX_HEADER = 1 << 20
const MAX_LINE = 2 << 20

/** Lines that are read at a time: a millisecond's work. */
const SLICE = 1000

/**
 * Reads a list in the compact denylist format, as nopfs and kubo do (IPIP-383, `*.deny`): an optional header in YAML that ends
 * with `---`, and then a rule in each line: `/ipfs/<cid>`, `/ipfs/<cid>/*`, or `//<hash>` of a name, each with an optional
 * `!`, `-` or `+` before it, which allows, and hints behind it, which are ignored.
 *
 * `pause` is awaited now and then, since lists have a million lines: others may be served meanwhile.
 *
 * @throws {DenylistFormatError} it has another version, or is an HTML page or the like
 */
export async function parseDenylist (text: string, pause: () => Promise<void>): Promise<ParsedDenylist> {
  const rules = new DenyRules()
  const counts = { added: 0, other: 0, malformed: 0 }
  let firstMalformed: number | undefined
  let at = headerLength(text)
  let number = text.slice(0, at).split('\n').length - 1

  while (at < text.length) {
    const newline = text.indexOf('\n', at)
    const end = newline === -1 ? text.length : newline
    const line = end - at > MAX_LINE ? 'too long' : text.slice(at, end).trim()
    at = end + 1
    number++

    if (line !== '' && !line.startsWith('#')) {
      const kind = addRule(rules, line)
      counts[kind]++
      firstMalformed ??= kind === 'malformed' ? number : undefined
    }

    if (number % SLICE === 0) {
      await pause()
    }
  }

  const { added, other: others, malformed } = counts

  if (malformed > 0 && added + others === 0) {
    throw new DenylistFormatError(`it has ${malformed} lines, and none of them is a rule; line ${firstMalformed} is the first`)
  }

  return { rules, others, malformed, firstMalformed }
}

/** The length of the header with its end; 0 if there is no header. */
function headerLength (text: string): number {
  const [header] = /^(?:[^\n]*\n)*?---\r?\n/.exec(text.slice(0, MAX_HEADER)) ?? []
  const [, version = '1'] = /^version:\s*(\S+)/m.exec(header ?? '') ?? []

  if (version !== '1') {
    throw new DenylistFormatError(`it has version ${version.slice(0, 20)}, but only version 1 is known`)
  }

  return header?.length ?? 0
}

function addRule (rules: DenyRules, line: string): 'added' | 'other' | 'malformed' {
  // after the first space there are hints
  const [, allows, rule] = /^([-+!]?)(\S*)/.exec(line) ?? []
  const denied = allows === ''

  try {
    if (rule.startsWith('//')) {
      if (rule.includes('/', 2)) {
        return 'other'
      }

      rules.addHashed(hashOf(rule.slice(2)), denied)

      return 'added'
    }

    const [, namespace, name, path] = /^\/(ipfs|ipld|ipns)\/([^/]+)\/?(.*)$/.exec(rule) ?? []

    if (namespace == null) {
      // a rule may be a path below any CID
      return rule.startsWith('/') ? 'other' : 'malformed'
    }

    const cid = namespace === 'ipns' ? undefined : CID.parse(name)

    if (cid == null || (path !== '' && path !== '*')) {
      return 'other'
    }

    rules.addPlain(cid, denied)

    return 'added'
  } catch {
    return 'malformed'
  }
}

/** The sha2-256 in a rule: in hex, as badbits has it, or as a multihash in base58btc. */
function hashOf (text: string): Uint8Array {
  if (text.length === 64) {
    return fromHex(text)
  }

  const { code, digest } = decode(base58btc.baseDecode(text))

  if (code !== SHA2_256) {
    throw new DenylistFormatError(`the hash function 0x${code.toString(16)} is not sha2-256`)
  }

  return digest
}

function fromHex (text: string): Uint8Array {
  const bytes = new Uint8Array(text.length / 2)

  for (let i = 0; i < bytes.length; i++) {
    bytes[i] = hexDigit(text.charCodeAt(2 * i)) << 4 | hexDigit(text.charCodeAt(2 * i + 1))
  }

  return bytes
}

function hexDigit (code: number): number {
  // of 0 to 9, and of a to f in either case
  const value = code < 58 ? code - 48 : (code | 32) - 87

  if (value < 0 || value > 15 || (code >= 58 && value < 10)) {
    throw new DenylistFormatError('a hash is not in hex')
  }

  return value
}
