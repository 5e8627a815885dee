import dgram from 'node:dgram'
import dns from 'node:dns'
import { appendFileSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import net from 'node:net'
import { networkInterfaces } from 'node:os'

/**
 * Imported before anything else by each Node process of a test (`node --import`):
 * it refuses to send to other hosts, and writes each attempt as a line to the file
 * that `KITSUNE_SENT_OUT` names. The addresses of this host's own
 * interfaces are allowed: what is sent there does not leave it.
 */

const here = new net.BlockList()
here.addSubnet('127.0.0.0', 8)
here.addAddress('::1', 'ipv6')
here.addAddress('0.0.0.0')
here.addAddress('::', 'ipv6')

for (const { address, family } of Object.values(networkInterfaces()).flatMap(addresses => addresses ?? [])) {
  here.addAddress(address, family === 'IPv6' ? 'ipv6' : 'ipv4')
}

/** @param {string} host - an address or a name */
function isHere (host) {
  return net.isIP(host) === 0
    ? host === 'localhost' || host.endsWith('.localhost')
    : here.check(host, net.isIPv6(host) ? 'ipv6' : 'ipv4')
}

/**
 * @param {string} what
 * @param {string} host
 */
function refuse (what, host) {
  const line = `${what} ${host}, by ${process.argv[1] ?? 'node'}`

  if (process.env.KITSUNE_SENT_OUT != null) {
    appendFileSync(process.env.KITSUNE_SENT_OUT, `${line}\n`)
  }

  return Object.assign(new Error(`tests may only send to this host: ${line}`), { code: 'ENETUNREACH' })
}

/** @type {(this: net.Socket, ...args: any[]) => net.Socket} */
const connect = net.Socket.prototype.connect

/** @param {any[]} args - (options), (port, host?), (path), or what net.connect() has made of these: [[options, callback]] */
net.Socket.prototype.connect = function (...args) {
  const [first, second] = Array.isArray(args[0]) ? args[0] : args
  const host = typeof first === 'object' ? first.host : second

  if (typeof host === 'string' && !isHere(host)) {
    this.destroy(refuse('connects to', host))

    return this
  }

  return connect.apply(this, args)
}

const send = dgram.Socket.prototype.send

/** @param {any[]} args - (message, offset?, length?, port?, address?, callback?) */
dgram.Socket.prototype.send = function (...args) {
  const host = args.slice(1).find(arg => typeof arg === 'string')

  if (host != null && !isHere(host)) {
    throw refuse('sends a datagram to', host)
  }

  return Reflect.apply(send, this, args)
}

for (const name of /** @type {const} */ (['lookup', 'resolve', 'resolve4', 'resolve6', 'resolveTxt', 'resolveSrv'])) {
  const callback = /** @type {any} */ (dns[name])
  const promise = /** @type {any} */ (dns.promises[name])

  Object.assign(dns, {
    [name] (/** @type {string} */ host, /** @type {any[]} */ ...rest) {
      return asks(host) ? rest.at(-1)(unknown(host)) : callback(host, ...rest)
    }
  })
  Object.assign(dns.promises, {
    async [name] (/** @type {string} */ host, /** @type {any[]} */ ...rest) {
      if (asks(host)) {
        throw unknown(host)
      }

      return promise(host, ...rest)
    }
  })
}

/** @param {string} host */
function asks (host) {
  return typeof host === 'string' && net.isIP(host) === 0 && host !== '' && !isHere(host)
}

/** @param {string} host */
function unknown (host) {
  return Object.assign(refuse('looks up', host), { code: 'ENOTFOUND' })
}

syncBuiltinESMExports()
