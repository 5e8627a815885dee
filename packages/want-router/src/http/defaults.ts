/**
 * How long a GET may wait for a block before its first byte is sent, ms. boxo waits 10 s for headers, and treats
 * a timeout worse than an answer.
 */
export const DEFAULT_GET_WITHIN = 4500

/** How long a HEAD may wait until a member has said whether it has the block, ms. */
export const DEFAULT_HEAD_WITHIN = 1000

/**
 * How long a search for providers waits for a member if boxo asks, or while no member is up, ms. boxo searches when it has lost its last provider,
 * and then once a minute. It gives a search 10 s, and needs some of that time to dial for bitswap after it has dropped the
 * HTTP provider: so this is longer than {@link DEFAULT_GET_WITHIN}.
 */
export const DEFAULT_OUTAGE_WITHIN = 7000

/** After what time a client may retry if there was no answer, s. */
export const DEFAULT_RETRY_AFTER = 1

/** The status for blocks that a policy denies. */
export const DEFAULT_DENIED_STATUS = 451

/** boxo and Helia drop a server that sends a block larger than this, bytes. */
export const MAX_PEER_BLOCK = 2 << 20

/** How long each further block of a CAR may take before the CAR is broken off, ms. */
export const DEFAULT_BLOCK_WITHIN = 30_000

/** How many CIDs and links are kept for all CARs that are being sent: some 100 MB. A single CAR may use half of them. */
export const DEFAULT_CAR_MEMORY = 1_048_576
