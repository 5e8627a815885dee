import type { Random } from './random.ts'

/**
 * Messages as a careless or malicious implementation could write them: any field any
 * number of times in any order, unknown fields of every wire type, varints longer than
 * necessary, malformed CIDs; and then changed at random.
 */

/**
 * A message with about the fraction `sloppiness` (0 to 1) of all possible faults
 */
export function writeMessage (random: Random, sloppiness: number): Uint8Array {
  const fields = [
    ...random.list(random.chance(0.1) ? 2 : 1, () => bytesField(1, writeWantlist(random, sloppiness))),
    ...random.list(2, () => bytesField(2, random.bytes(random.int(40)))),
    ...random.list(3, () => bytesField(3, writeBlock(random, sloppiness))),
    ...random.list(3, () => bytesField(4, writePresence(random, sloppiness))),
    ...random.list(1, () => varintField(5, writeInt32(random)))
  ]

  return join(random, fields, sloppiness, 5)

  function bytesField (number: number, bytes: Uint8Array): Uint8Array {
    return writeBytes(random, number, bytes, sloppiness)
  }

  function varintField (number: number, value: bigint): Uint8Array {
    return writeValue(random, number, value, sloppiness)
  }
}

export function writeCid (random: Random, sloppiness: number): Uint8Array {
  const cid = Uint8Array.from(random.pick<() => number[]>([
    () => [0x12, 0x20, ...random.bytes(32)],
    () => [0x01, 0x55, 0x12, 0x20, ...random.bytes(32)],
    () => [0x01, 0x70, 0x12, 0x20, ...random.bytes(32)],
    // dag-json, whose code takes two bytes, and blake2b-256, whose code takes three
    () => [0x01, 0xa9, 0x02, 0xa0, 0xe4, 0x02, 0x20, ...random.bytes(32)],
    // sha2-512
    () => [0x01, 0x71, 0x13, 0x40, ...random.bytes(64)],
    // truncated to 20 bytes
    () => [0x01, 0x55, 0x12, 0x14, ...random.bytes(20)],
    // an unknown hash function
    () => [0x01, 0x55, 0xff, 0xff, 0xff, 0x7f, 0x04, ...random.bytes(4)],
    // identity, sometimes of an empty block
    () => identity(random.bytes(random.int(20)))
  ])())

  return random.chance(sloppiness) ? spoilCid(random, cid) : cid
}

function identity (data: Uint8Array): number[] {
  return [0x01, 0x55, 0x00, data.length, ...data]
}

function spoilCid (random: Random, cid: Uint8Array): Uint8Array {
  return random.pick<() => Uint8Array>([
    () => new Uint8Array(0),
    () => cid.subarray(0, random.int(cid.length)),
    () => Uint8Array.of(...cid, random.int(256)),
    () => Uint8Array.of(random.int(256), ...cid.subarray(1)),
    () => Uint8Array.of(0x12, 0x10, ...random.bytes(16)),
    // around 168 bytes, the most that a CID may have
    () => Uint8Array.of(0x01, 0x55, 0x00, 0xa0 + random.int(8), 0x01, ...random.bytes(160 + random.int(8))),
    // varints that are not minimal, or above 2^53
    () => Uint8Array.of(0x01, 0xd5, 0x00, 0x12, 0x01, 0x05),
    () => Uint8Array.of(0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, random.int(0x20), 0x12, 0x01, 0x05),
    () => Uint8Array.of(0x00, 0x70, 0x12, 0x20, ...random.bytes(32))
  ])()
}

/**
 * Changes a few bits, bytes or ranges
 */
export function mutate (random: Random, message: Uint8Array): Uint8Array {
  const at = random.int(message.length + 1)
  const to = at + random.int(message.length + 1 - at)

  return random.pick<() => Uint8Array>([
    () => message.map((byte, i) => i === at ? byte ^ (1 << random.int(8)) : byte),
    () => message.map((byte, i) => i === at ? random.int(256) : byte),
    () => message.subarray(0, at),
    () => message.subarray(at),
    () => Uint8Array.of(...message.subarray(0, at), ...message.subarray(to)),
    () => Uint8Array.of(...message.subarray(0, to), ...message.subarray(at)),
    () => Uint8Array.of(...message.subarray(0, at), ...random.bytes(random.int(6)), ...message.subarray(at)),
    // one more byte in a varint
    () => message.map((byte, i) => i === at ? byte | 0x80 : byte)
  ])()
}

function writeWantlist (random: Random, sloppiness: number): Uint8Array {
  const fields = [
    ...random.list(5, () => writeBytes(random, 1, writeEntry(random, sloppiness), sloppiness)),
    ...random.list(1, () => writeValue(random, 2, BigInt(random.int(2)), sloppiness))
  ]

  return join(random, fields, sloppiness, 2)
}

function writeEntry (random: Random, sloppiness: number): Uint8Array {
  const fields = [
    writeBytes(random, 1, writeCid(random, sloppiness / 4), sloppiness),
    ...random.list(1, () => writeValue(random, 2, writeInt32(random), sloppiness)),
    ...random.list(1, () => writeValue(random, 3, writeBool(random, sloppiness), sloppiness)),
    ...random.list(1, () => writeValue(random, 4, writeEnum(random, sloppiness), sloppiness)),
    ...random.list(1, () => writeValue(random, 5, writeBool(random, sloppiness), sloppiness))
  ]

  return join(random, fields, sloppiness, 5)
}

function writeBlock (random: Random, sloppiness: number): Uint8Array {
  const cid = writeCid(random, 0)
  const prefix = cid[0] === 0x12 ? Uint8Array.of(0, 0x70, 0x12, 0x20) : cid.subarray(0, cid.length === 36 ? 4 : 2 + random.int(8))

  return join(random, [
    writeBytes(random, 1, prefix, sloppiness),
    ...random.list(1, () => writeBytes(random, 2, random.bytes(random.int(40)), sloppiness))
  ], sloppiness, 2)
}

function writePresence (random: Random, sloppiness: number): Uint8Array {
  return join(random, [
    writeBytes(random, 1, writeCid(random, sloppiness / 4), sloppiness),
    ...random.list(1, () => writeValue(random, 2, writeEnum(random, sloppiness), sloppiness))
  ], sloppiness, 2)
}

/**
 * Fields of one message: in any order, one of them twice or with another wire type, and
 * with unknown fields among them
 */
function join (random: Random, fields: Uint8Array[], sloppiness: number, known: number): Uint8Array {
  const all = [...fields]

  if (random.chance(sloppiness / 3)) {
    all.push(writeUnknown(random, known + 1 + random.int(30), sloppiness, 3))
  }

  if (fields.length > 0 && random.chance(sloppiness / 10)) {
    all.push(random.pick(fields))
  }

  if (random.chance(sloppiness / 40)) {
    all.push(writeUnknown(random, 1 + random.int(known), sloppiness, 1))
  }

  if (random.chance(sloppiness)) {
    all.sort(() => random.int(3) - 1)
  }

  return Buffer.concat(all)
}

function writeUnknown (random: Random, number: number, sloppiness: number, depth: number): Uint8Array {
  return random.pick<() => Uint8Array>([
    () => writeValue(random, number, BigInt(random.int(0x1_0000_0000)) * BigInt(random.int(0x1_0000_0000)), sloppiness),
    () => Uint8Array.of(...writeTag(random, number, 1, sloppiness), ...random.bytes(8)),
    () => writeBytes(random, number, random.bytes(random.int(12)), sloppiness),
    () => Uint8Array.of(
      ...writeTag(random, number, 3, sloppiness),
      ...(depth > 0 ? random.list(2, () => [...writeUnknown(random, 1 + random.int(40), sloppiness, depth - 1)]).flat() : []),
      ...writeTag(random, random.chance(0.05) ? number + 1 : number, 4, sloppiness)
    ),
    () => Uint8Array.of(...writeTag(random, number, 5, sloppiness), ...random.bytes(4))
  ])()
}

function writeBytes (random: Random, number: number, bytes: Uint8Array, sloppiness: number): Uint8Array {
  return Uint8Array.of(...writeTag(random, number, 2, sloppiness), ...writeVarint(random, BigInt(bytes.length), sloppiness), ...bytes)
}

function writeValue (random: Random, number: number, value: bigint, sloppiness: number): Uint8Array {
  return Uint8Array.of(...writeTag(random, number, 0, sloppiness), ...writeVarint(random, value, sloppiness))
}

function writeTag (random: Random, number: number, type: number, sloppiness: number): number[] {
  return writeVarint(random, BigInt(number * 8 + type), sloppiness / 20)
}

function writeVarint (random: Random, value: bigint, sloppiness: number): number[] {
  const bytes: number[] = []

  for (value = BigInt.asUintN(64, value); value > 0x7fn; value >>= 7n) {
    bytes.push(Number(value & 0x7fn) | 0x80)
  }

  bytes.push(Number(value))

  // padded with zeros, sometimes beyond the ten bytes that a varint may have
  if (random.chance(sloppiness / 30)) {
    const padding = random.int(11 - bytes.length + 1)

    for (let i = 0; i < padding; i++) {
      bytes[bytes.length - 1] |= 0x80
      bytes.push(0)
    }
  }

  return bytes
}

function writeInt32 (random: Random): bigint {
  return random.pick([0n, 1n, -1n, 127n, 128n, 2_147_483_647n, -2_147_483_648n, BigInt(random.int(0x1_0000_0000)) - 0x8000_0000n])
}

function writeBool (random: Random, sloppiness: number): bigint {
  return random.chance(sloppiness / 10) ? random.pick([2n, 0x1_0000_0000n, -1n]) : BigInt(random.int(2))
}

function writeEnum (random: Random, sloppiness: number): bigint {
  return random.chance(sloppiness / 20) ? random.pick([2n, -1n, 0x1_0000_0000n]) : BigInt(random.int(2))
}
