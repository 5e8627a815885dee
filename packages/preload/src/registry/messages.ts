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

/** What a process says of a request of another one. */
export interface WireReport {
  readonly id: number
  readonly peers: readonly string[]
  readonly blocks: number
  readonly error?: string
  /** With an error: the client may come back then, s. */
  readonly retryAfter?: number
}

/** What processes say. `from` is the process. */
export type Message = { readonly from: string } & (
  /** To all, several times a second: it lives, and these of its requests are open. */
  | { readonly type: 'alive', readonly ids: readonly number[] }
  /** These have begun; `hello` answers with all. */
  | { readonly type: 'open', readonly requests: readonly WireRequest[] }
  /** To all: it has ended. */
  | { readonly type: 'close', readonly id: number }
  /** To one: say everything that is open. */
  | { readonly type: 'hello' }
  /** To the process of the requests: that they have arrived, and their present state. */
  | { readonly type: 'report', readonly reports: readonly WireReport[] }
  /** To all: it stops. */
  | { readonly type: 'bye' }
)

/** Puts a request into the form in which processes tell each other of it. */
export function encodeRequest (id: number, { roots, maxDepth, peer, address }: SharedRequest): WireRequest {
  return { id, roots: roots.map(String), maxDepth, peer, address }
}

/** @throws {Error} a root is not a CID */
export function decodeRequest ({ roots, maxDepth, peer, address }: WireRequest): SharedRequest {
  return { roots: roots.map(root => CID.parse(root)), maxDepth, peer, address }
}

/** Undefined: it is none that this version knows. */
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
  report: shape({ reports: listOf(shape({ id: isCount, peers: listOf(isString), blocks: isCount, error: isOptionalString, retryAfter: isOptionalCount })) }),
  bye: shape({})
}

function isMessage (value: unknown): value is Message {
  if (!shape({ from: isString, type: isString })(value)) {
    return false
  }

  const { type } = value as { readonly type: string }

  return Object.hasOwn(FIELDS, type) && FIELDS[type as Message['type']](value)
}
