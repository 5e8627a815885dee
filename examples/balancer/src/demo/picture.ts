import { crc32 } from 'node:zlib'

const WIDTH = 720
const HEIGHT = 480
const TAILS = 9
const TAIL_LENGTH = 300

type Colour = readonly [red: number, green: number, blue: number]

const FUR: Colour = [224, 112, 32]
const WHITE: Colour = [250, 244, 232]
const DARK: Colour = [36, 24, 48]

/**
 * Draws a fox with nine tails at dusk, as a PNG. The pixels are stored without compression, so
 * that the bytes are the same on every platform and with every zlib, and the file has several
 * blocks.
 */
export function drawPicture (): Uint8Array {
  const rows = new Uint8Array(HEIGHT * (1 + WIDTH * 3))
  let offset = 0

  for (let y = 0; y < HEIGHT; y++) {
    offset++ // filter type of the row: none

    for (let x = 0; x < WIDTH; x++) {
      rows.set(pixel(x - WIDTH / 2, HEIGHT - 120 - y), offset)
      offset += 3
    }
  }

  const size = new DataView(new ArrayBuffer(13))
  size.setUint32(0, WIDTH)
  size.setUint32(4, HEIGHT)
  size.setUint8(8, 8) // bits a channel
  size.setUint8(9, 2) // RGB

  return Buffer.concat([
    Buffer.from('89504e470d0a1a0a', 'hex'),
    chunk('IHDR', Buffer.from(size.buffer)),
    chunk('IDAT', stored(rows)),
    chunk('IEND', Buffer.alloc(0))
  ])
}

/** The colour at a point; the origin is where the tails meet, y points up. */
function pixel (x: number, y: number): Colour {
  return head(x, y + 40) ?? tails(x, y) ?? moon(x, y) ?? sky(y)
}

function head (x: number, y: number): Colour | undefined {
  const side = Math.abs(x)

  if (Math.hypot(side - 28, y - 6) < 7) {
    return DARK // eyes
  }

  if (Math.hypot(x, y + 42) < 8) {
    return DARK // nose
  }

  // a heart-shaped face with white cheeks, under two ears
  if (side < 74 - Math.max(0, -y) * 1.25 && y > -52 && y < 48) {
    return side > 14 + (y + 52) * 0.5 && y < 0 ? WHITE : FUR
  }

  if (y >= 40 && y < 110 && side > 12 + (y - 40) * 0.45 && side < 74 - (y - 40) * 0.42) {
    return y < 92 && side > 24 + (y - 40) * 0.4 && side < 62 - (y - 40) * 0.42 ? DARK : FUR
  }
}

function tails (x: number, y: number): Colour | undefined {
  const distance = Math.hypot(x, y) / TAIL_LENGTH

  if (distance > 1 || y < -40) {
    return
  }

  const angle = Math.atan2(x, y)

  for (let i = 0; i < TAILS; i++) {
    // the outer tails are in front, and all bend outwards
    const tail = (i % 2 === 0 ? i / 2 : TAILS - 1 - (i - 1) / 2) - (TAILS - 1) / 2
    const along = tail * 0.36 + Math.sign(tail) * 0.12 * distance * distance
    const aside = Math.abs(angle - along) * distance
    const width = 0.16 * Math.sin(Math.PI * Math.pow(distance, 1.6))

    if (aside < width) {
      const shade = 1 - 0.45 * aside / width
      const colour = distance > 0.82 - 0.06 * Math.cos(aside * 90) ? WHITE : FUR

      return [round(colour[0] * shade), round(colour[1] * shade), round(colour[2] * shade)]
    }
  }
}

function moon (x: number, y: number): Colour | undefined {
  const distance = Math.hypot(x - 210, y - 250)

  return distance < 70 ? [255, round(238 - distance / 4), round(190 - distance / 2)] : undefined
}

function sky (y: number): Colour {
  const height = (y + 120) / HEIGHT

  return y < -70 ? [26, 22, 40] : [round(168 - 130 * height), round(84 - 52 * height), round(96 - 8 * height)]
}

function round (value: number): number {
  return Math.max(0, Math.min(255, Math.round(value)))
}

function chunk (type: string, data: Uint8Array): Uint8Array {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const framed = Buffer.alloc(body.byteLength + 8)
  framed.writeUInt32BE(data.byteLength, 0)
  framed.set(body, 4)
  framed.writeUInt32BE(crc32(body), body.byteLength + 4)

  return framed
}

/** A zlib stream of stored blocks. */
function stored (data: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [Uint8Array.of(0x78, 0x01)]

  for (let offset = 0; offset < data.byteLength; offset += 0xffff) {
    const block = data.subarray(offset, offset + 0xffff)
    const header = Buffer.alloc(5)
    header.writeUInt8(offset + block.byteLength === data.byteLength ? 1 : 0, 0)
    header.writeUInt16LE(block.byteLength, 1)
    header.writeUInt16LE(~block.byteLength & 0xffff, 3)
    parts.push(header, block)
  }

  const checksum = Buffer.alloc(4)
  checksum.writeUInt32BE(adler32(data))

  return Buffer.concat([...parts, checksum])
}

function adler32 (data: Uint8Array): number {
  let a = 1
  let b = 0

  for (const byte of data) {
    a = (a + byte) % 65_521
    b = (b + a) % 65_521
  }

  return b * 65_536 + a
}
