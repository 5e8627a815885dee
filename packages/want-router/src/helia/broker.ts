import { BlockTooLargeError } from '../errors.ts'
import type { LocalClient } from '../local/local-client.ts'
import type { CID } from 'multiformats/cid'

/** Options of a retrieval, as Helia passes them. */
export interface RetrieveOptions {
  readonly signal?: AbortSignal
  /** Throws if the bytes are not those of the block. */
  validateFn? (block: Uint8Array): Promise<void>
  /** The longest block that is accepted, bytes. Default: any that fits a message, 4 MiB. */
  readonly maxSize?: number
}

/** Fits the `BlockBroker` of `@helia/interface`, which this package does not depend on. */
export interface RouterBroker {
  readonly name: string
  /**
   * Rejects as {@link LocalClient.get} does.
   *
   * @throws {BlockTooLargeError} for a block of more than `maxSize` bytes
   */
  retrieve (cid: CID, options?: RetrieveOptions): Promise<Uint8Array>
  /** A session of Helia asks a few peers only. The router has the members that it has: each session is as the broker itself. */
  createSession (): RouterBroker & { addPeer (): Promise<void> }
}

/** A router, or one of its clients, as a block broker of Helia. */
export function routerBroker (client: LocalClient): RouterBroker {
  const broker: RouterBroker = {
    name: 'kitsune',

    async retrieve (cid, { signal, validateFn, maxSize = Infinity } = {}) {
      const block = await client.get(cid, { signal })

      if (block.byteLength > maxSize) {
        throw new BlockTooLargeError(`${cid} has ${block.byteLength} bytes, ${maxSize} are accepted`)
      }

      // the router has verified it: Helia verifies again what was not validated by its own function
      await validateFn?.(block)

      return block
    },

    createSession: () => ({ ...broker, async addPeer () {} })
  }

  return broker
}
