import { parseArgs } from 'node:util'
import { ConfigError } from '../errors.ts'

/** Where the CARs are. */
export type CarLocation =
  | { readonly kind: 'folder', readonly folder: string }
  | { readonly kind: 's3', readonly bucket: string, readonly endpoint?: string, readonly region?: string, readonly credentials: Credentials }

/** The credentials of a bucket. */
export interface Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
}

/** The options of the server. */
export interface EdgeOptions {
  readonly cars: CarLocation
  readonly listen: readonly string[]
  /** The addresses that clients are told. Those that end in /http are for HTTP. */
  readonly announce: readonly string[]
  /** URLs on which to answer HTTP. */
  readonly http: readonly string[]
  /** The file of the private key, which is created if it does not exist. */
  readonly key: string
  /** Paths and URLs of lists of clients and CIDs that are allowed and denied. */
  readonly access: readonly string[]
  /** Paths and URLs of denylists. */
  readonly denylists: readonly string[]
  /** The options of `quotas`, as JSON. */
  readonly quotas?: string
  /** The URL of a Redis or Valkey that counts quotas for several servers. */
  readonly redis?: string
  readonly json: boolean
}

/** Environment variables, by name. */
export type Environment = Readonly<Record<string, string | undefined>>

/** What `--help` prints. */
export const HELP = `kitsune-edge: serves bitswap straight from CAR files

  kitsune-edge <folder>         the CAR files in a folder
  kitsune-edge s3://<bucket>    the CAR files that \`kitsune-index add\` has put into a bucket
  kitsune-edge dnsaddr <domain> <url|multiaddr>…
                                prints the DNS records that resolve /dnsaddr/<domain> to a server
  kitsune-edge denylist-kv <list|keys.json>…
                                prints denylists for the Worker's KV namespace DENYLIST

  -l, --listen <multiaddr>      may be repeated; default /ip4/0.0.0.0/tcp/4011 and /ip4/0.0.0.0/tcp/4012/ws
  -a, --announce <multiaddr>    tell clients this address instead; may be repeated
      --http <url>              serve blocks, CARs and provider records over HTTP too, as in http://0.0.0.0:4013; may be
                                repeated. With a proxy in front, announce /dns/<name>/tcp/443/tls/http
  -k, --key <file>              the private key, as \`ipfs key export\` writes it, or PEER_ID_JSON; created if there
                                is none. Default kitsune-edge.key
      --access <path|url>       a list of clients and CIDs that are allowed or denied; may be repeated
      --denylist <path|url>     a list of blocks that are not served, in the compact denylist format; may be repeated
      --quotas <json>           how much clients may have, as in {"perAddress": {"bytesPerHour": 1e10}, "maxMisses": 5000}
      --redis <url>             count the quotas of several servers together, as in redis://10.0.0.3:6379; rediss:// for TLS
      --endpoint <url>          the URL of the S3 API; default AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, else Amazon's
      --region <name>           default AWS_REGION, else us-east-1; for R2: auto
      --json                    print a JSON object instead of text
      --help

The credentials of a bucket are AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN.
Exit codes: 0, 1 if something failed, 2 for invalid arguments.`

const OPTIONS = {
  listen: { type: 'string', multiple: true, short: 'l' },
  announce: { type: 'string', multiple: true, short: 'a' },
  http: { type: 'string', multiple: true },
  key: { type: 'string', short: 'k', default: 'kitsune-edge.key' },
  access: { type: 'string', multiple: true },
  denylist: { type: 'string', multiple: true },
  quotas: { type: 'string' },
  redis: { type: 'string' },
  endpoint: { type: 'string' },
  region: { type: 'string' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false }
} as const

const DEFAULT_LISTEN = ['/ip4/0.0.0.0/tcp/4011', '/ip4/0.0.0.0/tcp/4012/ws']

/**
 * Reads the command line.
 *
 * @returns undefined if help was asked for
 * @throws {ConfigError} it is invalid
 */
export function parseOptions (argv: readonly string[], env: Environment): EdgeOptions | undefined {
  const { values, positionals } = parse(argv)

  if (values.help) {
    return undefined
  }

  if (positionals.length !== 1) {
    throw new ConfigError(`name one folder of CAR files, or s3://<bucket>, not ${positionals.length}; --help explains`)
  }

  return {
    cars: carLocation(positionals[0], values, env),
    listen: values.listen ?? DEFAULT_LISTEN,
    announce: values.announce ?? [],
    http: (values.http ?? []).map(checkUrl),
    key: values.key,
    access: values.access ?? [],
    denylists: values.denylist ?? [],
    quotas: values.quotas,
    redis: checkRedis(values),
    json: values.json
  }
}

function checkUrl (url: string): string {
  if (!URL.canParse(url) || new URL(url).protocol !== 'http:') {
    throw new ConfigError(`--http ${url}: a URL such as http://0.0.0.0:4013; TLS is for a proxy in front`)
  }

  return url
}

/** Checks the URL of Redis. Its error does not quote credentials. */
function checkRedis ({ redis, quotas }: { redis?: string, quotas?: string }): string | undefined {
  const { protocol = '', hostname = '' } = URL.parse(redis ?? '') ?? {}

  if (redis != null && (!['redis:', 'rediss:'].includes(protocol) || hostname === '')) {
    throw new ConfigError('--redis takes a URL such as redis://10.0.0.3:6379, or rediss:// for TLS')
  }

  if (redis != null && quotas == null) {
    throw new ConfigError('--redis counts quotas: use it together with --quotas')
  }

  return redis
}

function parse (argv: readonly string[]): ReturnType<typeof parseArgs<{ options: typeof OPTIONS, allowPositionals: true }>> {
  try {
    return parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: true })
  } catch (err) {
    throw new ConfigError(`${(err as Error).message.split('. ')[0]}; --help explains`)
  }
}

function carLocation (target: string, { endpoint, region }: { endpoint?: string, region?: string }, env: Environment): CarLocation {
  const [, scheme, rest] = /^(\w+):\/\/(.*)$/.exec(target) ?? []

  if (scheme == null) {
    return { kind: 'folder', folder: target }
  }

  if (scheme !== 's3' || !/^[^/]+\/?$/.test(rest)) {
    throw new ConfigError(`${target}: CARs are in a folder or in s3://<bucket>`)
  }

  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_SESSION_TOKEN: sessionToken } = env

  if (accessKeyId == null || secretAccessKey == null) {
    throw new ConfigError('set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY to the credentials of the bucket')
  }

  return {
    kind: 's3',
    bucket: rest.replace(/\/$/, ''),
    endpoint: endpoint ?? env.AWS_ENDPOINT_URL_S3 ?? env.AWS_ENDPOINT_URL,
    region: region ?? env.AWS_REGION ?? env.AWS_DEFAULT_REGION,
    credentials: { accessKeyId, secretAccessKey, ...(sessionToken == null || sessionToken === '' ? {} : { sessionToken }) }
  }
}
