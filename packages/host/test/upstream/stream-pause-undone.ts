import { multiaddrConnectionPair } from '@libp2p/utils'

/*
 * @libp2p/utils 7: `resume()` delivers all buffered data at once, and then tells the other end to continue sending. If the consumer pauses the stream again during that, `readStatus` says that it is paused, but the other end continues sending.
 */
const [, connection] = multiaddrConnectionPair()
const transport = connection as unknown as { onData (data: Uint8Array): void, sendPause (): void, sendResume (): void }
let sends = true
transport.sendPause = () => { sends = false }
transport.sendResume = () => { sends = true }

connection.pause()
transport.onData(new Uint8Array(1000))
connection.addEventListener('message', () => { connection.pause() })
connection.resume()

const { readStatus } = connection as unknown as { readStatus: string }
console.log(`the stream says that it is ${readStatus}; the other end was told to ${sends ? 'send' : 'wait'}`) // eslint-disable-line no-console
process.exit(readStatus === 'paused' && sends ? 0 : 1)
