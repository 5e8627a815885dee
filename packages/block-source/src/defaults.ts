const KiB = 1024
const MiB = 1024 * KiB

/** Every default of this package. */
export const DEFAULTS = {
  /** The most that one read of a store may return, in bytes: a larger one is refused before it begins. */
  maxRead: 64 * MiB,
  /** If a server ignores ranges and sends the whole object, the most that is received to reach the range, in bytes. */
  maxIgnoredRange: 4 * MiB,
  /** The most that is read of the body of an error, in bytes. */
  maxErrorBody: 64 * KiB,
  /** The longest that a server may send nothing before an attempt fails, in ms. */
  idleTimeout: 30_000,
  /** The same for a write, in ms. A write shows no progress, so this must be enough to send a part of 8 MiB. */
  writeTimeout: 300_000,
  /** The most that is uploaded to S3 in one request, in bytes. A longer object is uploaded in parts of this length, or longer ones if it would need more than 10,000. */
  uploadPart: 8 * MiB,
  /** How many parts are uploaded at a time. */
  uploads: 4,
  /** Attempts after the first one. */
  retries: 3,
  /** The delay before the second attempt, in ms; it doubles with each further one. Up to half of it is taken off at random. */
  minDelay: 100,
  /** The longest delay before another attempt, in ms. A server that asks for a longer one is not asked again. */
  maxDelay: 10_000,
  /** The longest block that is read from a CAR, in bytes: kubo takes 2 MiB from peers, a bitswap message has at most 4. */
  maxBlock: 4 * MiB,
  /** How much is read at first of a section whose length is not known, in bytes: a block of 256 KiB and what precedes it. */
  sectionGuess: 257 * KiB,
  /** Blocks that are at most this far apart are read with one request, in bytes: a request costs more than the bytes between them. */
  maxGap: 64 * KiB,
  /** The most that is read at once for several blocks, in bytes. */
  maxSpan: 4 * MiB,
  /** How many reads `getMany` makes at a time: a Worker has six connections. */
  concurrency: 4,
  /** The most that one read of a folder fetches for blocks that are lent, in bytes: a read costs little there, and its bytes are still in the caches of the processor when they are hashed. */
  lentSpan: 2 * MiB,
  /** How many such reads of a folder are made at a time. */
  lentReads: 2,
  /** The most that `getMany` holds in memory, in bytes. */
  maxBytes: 32 * MiB,
  /** The memory that a cache of blocks may take, in bytes. */
  cacheBytes: 64 * MiB,
  /** The longest block that a cache keeps, in bytes. */
  cachedBlock: 2 * MiB,
  /** The longest section of a CAR that is read, in bytes, CID included: kubo takes blocks of up to 2 MiB from peers. */
  maxSectionLength: 4 * MiB,
  /** The longest header of a CAR that is read, in bytes: enough for about 12,000 roots. */
  maxHeaderLength: 512 * KiB,
  /** The most that a scan of a CAR reads at a time, in bytes. It begins with less. */
  scanRead: MiB,
  /** The memory that the index of a scanned CAR may take, in bytes: about 60 a block. */
  scanMemory: 128 * MiB,
  /** How much of an index is read at a time, in bytes. */
  indexPage: 64 * KiB,
  /** An index up to this length, in bytes, is read whole, so that it also tells where sections end. */
  wholeIndex: MiB,
  /** The memory that the pages of indexes may take, in bytes. */
  indexCache: 16 * MiB,
  /** How many reads one lookup makes at a time. */
  indexReads: 6,
  /** How many locations of one block an index returns. */
  maxLocations: 10,
  /** The longest sharded DAG index that is read, in bytes: about 45 a block. */
  shardedIndex: 32 * MiB,
  /** How many multihashes are looked up with one request to a remote index. */
  indexBatch: 1_000,
  /** How long caches may keep an index service's answer that a block is somewhere, in ms. */
  serviceAge: 60_000,
  /** The prefix of the names of a block map's objects. */
  mapPrefix: 'map/',
  /** How old the root of a map may be, in ms. */
  mapAge: 60_000,
  /** How old it may be for a miss that counts as certain, in ms. */
  mapMissAge: 1_000,
  /** The longest root of a map that is read, in bytes. */
  mapRoot: 64 * MiB,
  /** The shards that a map may have before small ones are merged. */
  mapShards: 16,
  /** The most rows of a shard, unless a single CAR has more. */
  mapShardRows: 2 * 1024 * 1024,
  /** How old a shard that no root lists must be before it is removed, in ms: a writer lists its shard within half of that, or never. */
  mapShardGrace: 86_400_000,
  /** How often a writer tries to change the root of a map, while others change it. */
  mapAttempts: 20,
  /** How many indexes are remembered as malformed. */
  malformedIndexes: 1_000,
  /** How long that is, in ms. */
  malformedTtl: 60_000,
  /** The codecs that a root in DUDEWHERE may have: dag-pb, dag-cbor, raw. */
  rootCodecs: [0x70, 0x71, 0x55],
  /** How many roots and CARs are remembered, counted together. */
  roots: 10_000,
  /** How long that is, in ms. */
  rootTtl: 60_000,
  /** The most CARs of one root, or of one session. */
  carsOfRoot: 100,
  /** In how many CARs of its root a block is looked for, once it has been found in one. */
  redundancy: 2,
  /** How many sessions are remembered with their CARs. */
  sessions: 1_000,
  /** How long a session is remembered after its last lookup, in ms. */
  sessionTtl: 3_600_000
} as const
