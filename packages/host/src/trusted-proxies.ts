/** Finds the address of a client behind reverse proxies, as `createTrustedProxies` of `@kitsune/want-router/http` does. */
export interface TrustedProxies {
  /** Whether an address is that of a trusted proxy. */
  includes (address: string): boolean
  /** The address of a client, from that of the connection and the values of `X-Forwarded-For`. */
  clientAddress (connection: string | undefined, forwardedFor?: string | readonly string[]): string
}
