import { fileURLToPath } from 'node:url'

/** Flags that give a balancer a self-signed certificate for localhost. */
export const CERTIFICATE = ['--tls-cert', fixture('localhost.crt'), '--tls-key', fixture('localhost.key')]

function fixture (name: string): string {
  return fileURLToPath(new URL(`../../../host/test/fixtures/${name}`, import.meta.url))
}
