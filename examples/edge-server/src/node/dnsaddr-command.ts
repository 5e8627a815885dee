import { dnsaddr } from '../dnsaddr.ts'
import { ConfigError } from '../errors.ts'

/**
 * Prints the TXT records for a domain, given the addresses of a server or its URL.
 *
 * @throws {ConfigError} an argument is invalid, or the server does not answer
 */
export async function printDnsaddr ([domain, ...servers]: readonly string[], print: (line: string) => void): Promise<void> {
  if (domain == null || servers.length === 0) {
    throw new ConfigError('kitsune-edge dnsaddr <domain> <url|multiaddr>…: name a domain, and the URL of the server or its addresses')
  }

  const all = await Promise.all(servers.map(async server => /^https?:/.test(server) ? addressesAt(server) : [server]))
  const { records, addresses, providers } = dnsaddr(domain, all.flat())
  const lines = [
    '; add these to the zone',
    ...records,
    '',
    '; the server is then found by',
    ...addresses.map(address => `;   ${address}`),
    '; and provider records that name it are',
    ...providers.map(record => `;   ${record}`)
  ]
  lines.forEach(print)
}

async function addressesAt (url: string): Promise<string[]> {
  try {
    const { addresses } = await (await fetch(url, { headers: { accept: 'application/json' } })).json() as { addresses?: unknown }

    if (Array.isArray(addresses) && addresses.every(address => typeof address === 'string')) {
      return addresses
    }
  } catch (err) {
    throw new ConfigError(`${url} does not answer with its addresses: ${(err as Error).message}`)
  }

  throw new ConfigError(`${url} does not answer with its addresses`)
}
