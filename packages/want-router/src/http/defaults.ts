/**
 * How long a GET may wait for a block before its first byte is sent, ms. boxo waits 10 s for headers, and takes a
 * timeout worse than an answer.
 */
export const DEFAULT_GET_WITHIN = 4500

/** How long a HEAD may wait until a member has said whether it has the block, ms. */
export const DEFAULT_HEAD_WITHIN = 1000

/**
 * How long a search for providers waits for a member while none is up, ms. boxo searches when it has lost its last provider,
 * and then once a minute. It gives a search 10 s, and needs some of these to dial for bitswap, after it has dropped its HTTP: so this
 * is longer than {@link DEFAULT_GET_WITHIN}.
 */
export const DEFAULT_OUTAGE_WITHIN = 7000

/** When a client may come back for what could not be told now, s. */
export const DEFAULT_RETRY_AFTER = 1

/** The status of what a policy denies. */
export const DEFAULT_DENIED_STATUS = 451

/** boxo and Helia drop a server that sends more than this as one block, bytes. */
export const MAX_PEER_BLOCK = 2 << 20

/** How long a further block of a CAR may take before the CAR is broken off, ms. */
export const DEFAULT_BLOCK_WITHIN = 30_000

/** CIDs and links that all CARs together remember while they are sent: some 100 MB. One that is alone may have half of it. */
export const DEFAULT_CAR_MEMORY = 1_048_576
