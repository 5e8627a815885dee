/**
 * # The block map: which CARs contain a block
 *
 * True random access in object storage, without a database: sorted, immutable **shards** of
 * rows, and one small **root** that lists them. The root is the only object that ever changes,
 * by a conditional put, so readers see all of an addition or nothing of it, and no writer can
 * undo the change of another.
 *
 * A lookup asks the filter of each shard in the root, which is kept in memory, and reads one
 * page of each shard whose filter matches: the root also contains the beginning of the first
 * key of every page. A row says where the block's bytes are, so the next read is that of the
 * block. With a cold cache, that is three reads.
 *
 * Why not an object for each block? That takes a put and a get for each block, which cost 4.50
 * and 0.36 dollars a million in R2, and consecutive blocks cannot be read at once. Adding a CAR
 * to a map takes two puts, however many blocks it has.
 *
 * Why not the multi index 0x0402? Opening one reads the heads of all its indexes, and adding a CAR rewrites all of it.
 *
 * Why whole digests? Half of one would find the same candidates, and the hash of the block
 * decides anyway. But then a client could make the source read a block in vain, by asking for a
 * digest that begins like a known one.
 *
 * Why 16 bits a row in the filters? With 10 and seven hashes a filter is wrong one time
 * in 120, and 1,000 wants of absent blocks read 133 pages in a map of sixteen shards:
 * 6.5 MiB. With 16 and eleven it is one time in 2,200, and seven pages, for 0.75 bytes
 * a block in the memory of each reader. 20 bits would save six more reads for half a
 * byte.
 *
 * ## Objects
 *
 * ```
 * <prefix>root                  changes by conditional put
 * <prefix><32 hex digits>.rows  a shard, named by the first 16 bytes of its SHA-256
 * ```
 *
 * Integers are unsigned and little endian. u48 has six bytes.
 *
 * ## Shard
 *
 * ```
 * 0   8 bytes   4b 49 54 52 4f 57 53 01, "KITROWS" and the version 8   u32       how many rows 12  u32       random, so that
 * a new shard never has the name of one that another writer is removing 16  u64       when it was made, in ms since 1970: a
 * shard that no root lists, since its writer died, is removed a day later 24  50 bytes  each row:
 *       0   32 bytes  the digest; of a digest of another length, SHA-256 of the multihash
 *       32  u32       the multihash code, big endian; with the highest bit set for another length
 *       36  u32       which CAR, by the list of the shard in the root
 *       40  u48       where in the CAR the block begins (not its section)
 *       46  u32       how long the block is
 * ```
 *
 * The first 36 bytes are the key. Rows ascend by key, then by CAR. A CAR has one
 * row for a key. Identity CIDs have no rows: they contain their blocks. A page is
 * 1,024 rows.
 *
 * ## Root
 *
 * ```
 * 0   8 bytes   4b 49 54 52 4f 4f 54 02, "KITROOT" and the version
 * 8   u32       how many CARs
 * 12  u32       how many shards
 * 16            each CAR:
 *       u8        1 if it was removed, and its rows are to be ignored; else 0
 *       u16       length of its name in bytes
 *       name      UTF-8: the name of the object
 *               each shard, the oldest first:
 *       16 bytes  its name
 *       u32       how many rows
 *       8 bytes   seed of its filter: the key of HalfSipHash-2-4
 *       u32       how many CARs
 *       u32 …     each CAR, as its place in the list above
 *       u32 …     the fence of each page: the first four bytes of its first key, big endian
 *       bytes     the Bloom filter: 16 bits a row, at least 8 bytes.
 *                 Of its n bits, (h + i·s) mod n for i = 0 … 10 are set for a key, where h is the hash
 *                 of the key with the seed, and s that with the inverted seed, mod n.
 *                 Bit b is 1 << (b mod 8) of byte b / 8
 * end 32 bytes  SHA-256 of everything before
 * ```
 *
 * Bytes a block: 50 in the shard and 2 in the root, and four a page.
 *
 * ## Versions
 *
 * Each version of a root begins with `KITROOT` and its number, and ends in the checksum.
 * Readers and writers refuse a root of another version with a `FormatVersionError`. Version 1
 * was as above, with 10 bits a row and i = 0 … 6 in filters, or with 16 as now, and no byte
 * said which. Shards still have version 1.
 */

/** The length of a row's key, in bytes: a digest and a multihash code. */
export const KEY_LENGTH = 36

/** The length of a row, in bytes. */
export const ROW_LENGTH = 50

/** The length of a shard's head, which precedes its rows, in bytes. */
export const SHARD_HEAD = 24

/** How many rows each page has; the last one may have fewer. */
export const ROWS_PER_PAGE = 1024

/** The length of a page of rows, in bytes. */
export const PAGE_LENGTH: number = ROWS_PER_PAGE * ROW_LENGTH

/** The name of the root of a map. */
export function rootName (prefix: string): string {
  return `${prefix}root`
}

/** The name of a shard of a map. */
export function shardName (prefix: string, id: string): string {
  return `${prefix}${id}.rows`
}
