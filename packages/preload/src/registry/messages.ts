import { CID } from 'multiformats/cid'
import type { SharedRequest } from './registry.ts'

/** An open request on the wire; its id is its process's own. */
export interface WireRequest {
  readonly id: number
  readonly roots: readonly string[]
  readonly maxDepth: number
  readonly peer?: string
  readonly address: string
}

/** What a process reports about a request of another process. */
export interface WireReport {
  readonly id: number
  readonly peers: readonly string[]
  readonly blocks: number
  /** Whether the peers have been asked for blocks that have not arrived. Undefined: an older version does not tell. */
  readonly waits?: boolean
  readonly error?: string
  /** With an error: the client may come back then, s. */
  readonly retryAfter?: number
}

/** The messages of processes. `from` is the sender. */
export type Message = { readonly from: string } & (
  /** To all, several times a second: it lives, and these of its requests are open. */
  | { readonly type: 'alive', readonly ids: readonly number[] }
  /** These requests have begun; the answer to `hello` has all of them. */
  | { readonly type: 'open', readonly requests: readonly WireRequest[] }
  /** To all: it has ended. */
  | { readonly type: 'close', readonly id: number }
  /** To one process: asks for all of its open requests. */
  | { readonly type: 'hello' }
  /** To the process of the requests: they have arrived, and this is their present state. */
  | { readonly type: 'report', readonly reports: readonly WireReport[] }
  /** To all: it stops. */
  | { readonly type: 'bye' }
)

/** Encodes a request for the other processes. */
export function encodeRequest (id: number, { roots, maxDepth, peer, address }: SharedRequest): WireRequest {
  return { id, roots: roots.map(String), maxDepth, peer, address }
}

/** @throws {Error} a root is not a CID */
export function decodeRequest ({ roots, maxDepth, peer, address }: WireRequest): SharedRequest {
  return { roots: roots.map(root => CID.parse(root)), maxDepth, peer, address }
}

/** Undefined: this version does not know the message. */
export function parseMessage (text: string): Message | undefined {
  let message: unknown

  try {
    message = JSON.parse(text)
  } catch {
    return
  }

  return isMessage(message) ? message : undefined
}

type Check = (value: unknown) => boolean

const isString: Check = value => typeof value === 'string'
const isCount: Check = value => Number.isSafeInteger(value) && Number(value) >= 0
const isOptionalString: Check = value => value == null || typeof value === 'string'
const isOptionalBoolean: Check = value => value == null || typeof value === 'boolean'
const isOptionalCount: Check = value => value == null || isCount(value)
const isDepth: Check = value => value === -1 || isCount(value)
const listOf = (check: Check): Check => value => Array.isArray(value) && value.every(check)

const shape = (fields: Readonly<Record<string, Check>>): Check => value => {
  const object: Readonly<Record<string, unknown>> = typeof value === 'object' && value != null ? { ...value } : {}

  return Object.entries(fields).every(([name, check]) => check(object[name]))
}

const FIELDS: Readonly<Record<Message['type'], Check>> = {
  alive: shape({ ids: listOf(isCount) }),
  open: shape({ requests: listOf(shape({ id: isCount, roots: listOf(isString), maxDepth: isDepth, peer: isOptionalString, address: isString })) }),
  close: shape({ id: isCount }),
  hello: shape({}),
  report: shape({ reports: listOf(shape({ id: isCount, peers: listOf(isString), blocks: isCount, waits: isOptionalBoolean, error: isOptionalString, retryAfter: isOptionalCount })) }),
  bye: shape({})
}

function isMessage (value: unknown): value is Message {
  if (!shape({ from: isString, type: isString })(value)) {
    return false
  }

  const { type } = value as { readonly type: string }

  return Object.hasOwn(FIELDS, type) && FIELDS[type as Message['type']](value)
}
