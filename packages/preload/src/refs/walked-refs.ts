/**
 * A kubo that is asked for one block after another, while the DAG is walked here. This needs no
 * trailers, which `fetch` does not show, so it works in a Worker. It also continues past blocks
 * at which kubo's own `refs` stops: blocks of a codec that kubo does not know, and blocks that
 * do not match their codec, count as leaves.
 */
import { cidPrefix, isIdentity, multihashKey } from '@kitsune/bitswap-codec'
import { createKuboRpc, failureMessage } from '@kitsune/kubo-rpc'
import { createVerifier } from '@kitsune/want-router/engine'
import * as raw from 'multiformats/codecs/raw'
import { MemberRefsError } from '../errors.ts'
import { DEFAULT_LINK_CODECS, linksOf } from '../gate/links.ts'
import { readAhead } from './read-ahead.ts'
import { createVisited } from './visited.ts'
import type { Ref, RefsMember } from './member.ts'
import type { RefsQuery } from './query.ts'
import type { LinkCodecs } from '../gate/links.ts'
import type { KuboRpc, KuboRpcInit } from '@kitsune/kubo-rpc'
import type { BlockHasher } from '@kitsune/want-router'
import type { CID } from 'multiformats/cid'

/** How a DAG is walked. */
export interface WalkedRefsInit extends KuboRpcInit {
  /** The router's name of the member. Default: its address, without credentials. */
  readonly id?: string
  /** How links are read. Default {@link DEFAULT_LINK_CODECS}. */
  readonly codecs?: LinkCodecs
  /** Besides sha2-256, sha2-512 and identity. */
  readonly hashers?: readonly BlockHasher[]
  /** Blocks that are asked for at the same time. Default 16. */
  readonly concurrency?: number
}

/** A block to read, and the block that links to it. */
interface Step {
  readonly cid: CID
  /** Links below the root. */
  readonly depth: number
  /** Absent for a root. */
  readonly from?: CID
  /** It was read before, at a greater depth. */
  readonly again?: boolean
}

const DEFAULT_CONCURRENCY = 16

/**
 * A kubo that is asked for one block after another. It lists a block once the member has it, and each link of a block
 * once: without `unique`, kubo lists those of a block again wherever the block is linked to. Paths and formats are
 * refused.
 *
 * @throws {InvalidEndpointError} the address or a header is invalid
 */
export function walkedRefs ({ id, codecs = DEFAULT_LINK_CODECS, hashers, concurrency = DEFAULT_CONCURRENCY, ...init }: WalkedRefsInit): RefsMember {
  const rpc = createKuboRpc(init)
  const verify = createVerifier(hashers)

  /** Asks the member to fetch a block; returns its links. */
  async function read (cid: CID, signal: AbortSignal): Promise<readonly CID[]> {
    if (isIdentity(cid.bytes)) {
      return linksOf(codecs, cid, cid.multihash.digest)
    }

    if (cid.code === raw.code || !codecs.has(cid.code)) {
      await call(rpc, 'block/stat', cid, signal)

      return []
    }

    const bytes = await call(rpc, 'block/get', cid, signal)

    if (await verify(cidPrefix(cid.bytes), bytes) !== multihashKey(cid.multihash.bytes)) {
      throw new MemberRefsError(`the member answered other bytes than those of ${cid}`)
    }

    return linksOf(codecs, cid, bytes)
  }

  return {
    id: id ?? rpc.name,

    async * refs (query, signal): AsyncGenerator<Ref> {
      if (!isWalkable(query)) {
        throw new MemberRefsError('paths and formats need a member whose own refs can be read')
      }

      const { recursive, edges, unique, maxDepth } = query
      const visited = createVisited(maxDepth)
      const line = ({ cid, from }: Step): Ref => ({ ref: edges ? `${from} -> ${cid}` : `${cid}` })
      const steps = readAhead<Step, readonly CID[]>({ concurrency, read: async ({ cid }, inner) => read(cid, inner), signal })

      for (const { cid } of query.roots) {
        if (visited.add(cid, 0)) {
          steps.add({ cid, depth: 0 })
        }
      }

      for await (const { step, result: links } of steps) {
        if (step.from != null && !(step.again === true && unique)) {
          yield line(step)
        }

        if (maxDepth !== -1 && step.depth >= maxDepth) {
          continue
        }

        // read in the order of the links: the last one added is read first
        for (const cid of links.toReversed()) {
          const again = visited.has(cid)
          const child: Step = { cid, depth: step.depth + 1, from: step.cid, again }

          if (visited.add(cid, child.depth) && recursive) {
            steps.add(child)
          } else if (!again || !unique) {
            yield line(child)
          }
        }
      }
    }
  }
}

/** Whether {@link walkedRefs} can list it. */
export function isWalkable ({ roots, format }: RefsQuery): boolean {
  return format == null && roots.every(({ path }) => path.length === 0)
}

async function call (rpc: KuboRpc, command: 'block/get' | 'block/stat', cid: CID, signal: AbortSignal): Promise<Uint8Array> {
  const response = await rpc.call(command, { arg: cid.toString() }, { signal })
  const bytes = new Uint8Array(await response.arrayBuffer())

  if (response.status !== 200) {
    throw new MemberRefsError(`the member answered ${response.status}: ${failureMessage(new TextDecoder().decode(bytes))}`)
  }

  return bytes
}
