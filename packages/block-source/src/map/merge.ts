import { MalformedIndexError } from '../errors.ts'
import { readExactly } from '../read-exactly.ts'
import { ROW_LENGTH, SHARD_HEAD, shardName } from './format.ts'
import { isShard, readRows, RowBuilder } from './rows.ts'
import type { MapRoot, MapShard } from './root.ts'
import type { ObjectStore } from '../object-store.ts'

/** How much of a shard is read at a time. */
const MAX_READ = 16 << 20

/** The smallest shards: enough that merging them leaves at most `most` shards, but no more than fit into one. */
export function smallestShards ({ cars, shards }: MapRoot, most: number, maxRows: number): MapShard[] {
  const chosen: MapShard[] = []
  let rows = 0

  for (const shard of [...shards].sort((a, b) => a.rows - b.rows)) {
    if ((chosen.length > 0 && shards.length - chosen.length < most) || rows + shard.rows > maxRows) {
      break
    }

    chosen.push(shard)
    rows += shard.rows
  }

  // rewriting a single shard is only worth it to drop the rows of removed CARs
  return chosen.length > 1 || chosen.some(shard => shard.cars.some(car => cars[car].removed)) ? chosen : []
}

/** The rows of several shards without those of removed CARs, and their CARs, as positions in the root. */
export async function mergeRows (store: ObjectStore, prefix: string, root: MapRoot, shards: readonly MapShard[]): Promise<{ builder: RowBuilder, cars: number[] }> {
  const builder = new RowBuilder()
  const places = new Map<number, number>()

  for (const shard of shards) {
    for (const { key, row } of readRows(await readShard(store, prefix, shard))) {
      const car = shard.cars[row.car]

      if (root.cars[car]?.removed === false) {
        const place = places.get(car) ?? places.size
        places.set(car, place)
        builder.add(key, { ...row, car: place })
      }
    }
  }

  return { builder, cars: [...places.keys()] }
}

async function readShard (store: ObjectStore, prefix: string, { id, rows }: MapShard): Promise<Uint8Array> {
  const name = shardName(prefix, id)
  const bytes = new Uint8Array(SHARD_HEAD + rows * ROW_LENGTH)

  for (let offset = 0; offset < bytes.length; offset += MAX_READ) {
    const part = await readExactly(store, name, { offset, length: Math.min(MAX_READ, bytes.length - offset) })

    if (part.size !== bytes.length) {
      throw new MalformedIndexError(`not a shard of ${rows} rows: it has ${part.size} bytes`, { object: name, offset: 0 })
    }

    bytes.set(part.bytes, offset)
  }

  if (!isShard(bytes, rows)) {
    throw new MalformedIndexError(`not a shard of ${rows} rows`, { object: name, offset: 0 })
  }

  return bytes
}
